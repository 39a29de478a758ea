# The second part of ./demo replica; $way, $seconds and step come from there.

outside=examples/replica/outside.py
log=.demo/replica
pipeline=''

stop() {
  [ -z "$pipeline" ] || kill "$pipeline" 2>/dev/null || true
  wait
  ./services remove postgres@source postgres@target >/dev/null
}
trap stop EXIT

start_pipeline() {
  SOURCE=$source TARGET=$target build/release/levada run "examples/replica/$way.sql" --log "embedded:$log" >>"$log.txt" 2>&1 &
  pipeline=$!
}

step "Two PostgreSQL of our own are started, the first with a table"
./services remove postgres@source postgres@target >/dev/null
rm -rf "$log" "$log.txt"
address() { ./services up "$1" | tee /dev/stderr | sed -n 's/.*url=\([^ ]*\).*/\1/p'; }
source=$(address postgres@source)
target=$(address postgres@target)
psql -q "$source" -f examples/replica/employees.sql

step "The pipeline runs: examples/replica/$way.sql"
start_pipeline
"$outside" compare "$source" "$target"
psql "$target" -c '\d employees' -c 'SELECT * FROM employees ORDER BY emp_id LIMIT 5'

step "The source is written to at random; how long until a committed row is in the replica?"
"$outside" measure "$source" "$target" "$seconds"
"$outside" compare "$source" "$target"

step "The pipeline is killed while the source is written to, and started again"
"$outside" write "$source" 8 &
writer=$!
for pause in 2 1 1; do
  sleep "$pause"
  kill -9 "$pipeline"
  wait "$pipeline" 2>/dev/null || true
  echo "killed by SIGKILL"
  sleep 0.5
  start_pipeline
done
wait "$writer"
"$outside" compare "$source" "$target"

step "Rows that break the rules stand in the dead letters"
kill -INT "$pipeline"
wait "$pipeline" || true
pipeline=''
build/release/levada dlq list --log "embedded:$log" | sed -n '1,6p'

cat <<EOS

What to try next:
  ./demo replica trigger 10
  build/release/levada topics --log embedded:$log
  build/release/levada print shop.public.employees --from-beginning --no-follow --log embedded:$log | head
EOS
