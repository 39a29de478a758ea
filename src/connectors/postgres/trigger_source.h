// The source that reads change tables which triggers fill (README.md: the trigger source). Its position says for each
// table which transactions' changes are in the log (trigger_cut.h).
//
//        look: pg_current_snapshot(), the newest change of each table
//   ┌──► changes between the last cut and this one, in the order of their ids
//   │    rows of a table that is being read for the first time: some more, seen in the same snapshot as the look,
//   │    so they are newer than all changes before them and older than all that follow
//   └─── wait for a NOTIFY, or until it is time to look again
#pragma once
#include <memory>
#include <span>

#include "base/options.h"
#include "connectors/source.h"

namespace levada {

Result<std::unique_ptr<Source>> make_postgres_trigger_source(SourceContext context);

}  // namespace levada
