"""A1: the salary file gives exactly its totals, and details and totals agree at every moment that anybody looks."""

from levada import GROWING, SALARY, Feed, Place
from salaries import CRLF, LF, Truth, repeated
from target import Watch, expect


def plain(target, _):
    with Place(SALARY, target) as place:
        place.csv.write_bytes(LF)
        place.finish()
        target.check(Truth(LF))


def carriage_returns(target, _):
    with Place(SALARY, target) as place:
        place.csv.write_bytes(CRLF)
        place.finish()
        target.check(Truth(LF))


def always_agree(target, choices):
    truth = Truth(LF, times=20)
    with Place(GROWING, target) as place, Watch(target, truth) as watch:
        run = place.start()
        with Feed(place.folder / "1.csv", repeated(20), choices) as feed:
            feed.wait()
            run.until(lambda: target.count() == len(truth.rows), "the last row")
        run.stop()
    target.check(truth)
    watch.check()
    print(f"{watch.reads} reads saw {len(watch.states)} states of a load of {len(truth.rows)} rows")
    expect(len(watch.states) >= 5, "the reader has seen too few states on the way")


def as_fast_as_it_can(target, _):
    truth = Truth(LF, times=60)
    with Place(SALARY, target) as place, Watch(target, truth) as watch:
        place.csv.write_bytes(repeated(60))
        place.finish()
    target.check(truth)
    watch.check()
