#include "connectors/postgres/libpq.h"

#include <dlfcn.h>
#include <libpq-fe.h>

#include "base/assert.h"

namespace levada {
namespace {

// Of the function's own type, found once.
void* find(const char* name) {
  static void* const library = ::dlopen("libpq.so.5", RTLD_NOW | RTLD_LOCAL);
  if (!library || !name) return library;
  void* function = ::dlsym(library, name);
  LV_ASSERT(function);
  return function;
}

}  // namespace

Result<void> load_libpq() {
  if (find(nullptr)) return {};
  const char* why = ::dlerror();
  return Error(ErrorKind::unsupported, "libpq cannot be loaded, so there is no way to Postgres")
      .why(why ? why : "")
      .remedy("Install it; on Debian: apt-get install libpq5");
}

}  // namespace levada

#define LV_LIBPQ(name)                                                                   \
  ([]() -> decltype(&name) {                                                             \
    static const auto function = reinterpret_cast<decltype(&name)>(levada::find(#name)); \
    return function;                                                                     \
  }())

extern "C" {
void PQclear(PGresult* result) { return LV_LIBPQ(PQclear)(result); }
char* PQcmdStatus(PGresult* result) { return LV_LIBPQ(PQcmdStatus)(result); }
char* PQcmdTuples(PGresult* result) { return LV_LIBPQ(PQcmdTuples)(result); }
PostgresPollingStatusType PQconnectPoll(PGconn* connection) { return LV_LIBPQ(PQconnectPoll)(connection); }
PGconn* PQconnectStartParams(const char* const* keywords, const char* const* values, int expand_dbname) {
  return LV_LIBPQ(PQconnectStartParams)(keywords, values, expand_dbname);
}
int PQconsumeInput(PGconn* connection) { return LV_LIBPQ(PQconsumeInput)(connection); }
char* PQdb(const PGconn* connection) { return LV_LIBPQ(PQdb)(connection); }
int PQenterPipelineMode(PGconn* connection) { return LV_LIBPQ(PQenterPipelineMode)(connection); }
char* PQerrorMessage(const PGconn* connection) { return LV_LIBPQ(PQerrorMessage)(connection); }
int PQexitPipelineMode(PGconn* connection) { return LV_LIBPQ(PQexitPipelineMode)(connection); }
void PQfinish(PGconn* connection) { return LV_LIBPQ(PQfinish)(connection); }
int PQflush(PGconn* connection) { return LV_LIBPQ(PQflush)(connection); }
void PQfreemem(void* memory) { return LV_LIBPQ(PQfreemem)(memory); }
int PQgetCopyData(PGconn* connection, char** row, int async) { return LV_LIBPQ(PQgetCopyData)(connection, row, async); }
int PQgetisnull(const PGresult* result, int row, int column) { return LV_LIBPQ(PQgetisnull)(result, row, column); }
int PQgetlength(const PGresult* result, int row, int column) { return LV_LIBPQ(PQgetlength)(result, row, column); }
PGresult* PQgetResult(PGconn* connection) { return LV_LIBPQ(PQgetResult)(connection); }
char* PQgetvalue(const PGresult* result, int row, int column) { return LV_LIBPQ(PQgetvalue)(result, row, column); }
int PQisBusy(PGconn* connection) { return LV_LIBPQ(PQisBusy)(connection); }
int PQnfields(const PGresult* result) { return LV_LIBPQ(PQnfields)(result); }
int PQntuples(const PGresult* result) { return LV_LIBPQ(PQntuples)(result); }
PGnotify* PQnotifies(PGconn* connection) { return LV_LIBPQ(PQnotifies)(connection); }
int PQpipelineSync(PGconn* connection) { return LV_LIBPQ(PQpipelineSync)(connection); }
int PQputCopyData(PGconn* connection, const char* bytes, int size) {
  return LV_LIBPQ(PQputCopyData)(connection, bytes, size);
}
int PQputCopyEnd(PGconn* connection, const char* error) { return LV_LIBPQ(PQputCopyEnd)(connection, error); }
char* PQresultErrorField(const PGresult* result, int field) { return LV_LIBPQ(PQresultErrorField)(result, field); }
ExecStatusType PQresultStatus(const PGresult* result) { return LV_LIBPQ(PQresultStatus)(result); }
int PQsendQuery(PGconn* connection, const char* text) { return LV_LIBPQ(PQsendQuery)(connection, text); }
int PQsendQueryParams(PGconn* connection, const char* text, int count, const Oid* types, const char* const* values,
                      const int* lengths, const int* formats, int result_format) {
  return LV_LIBPQ(PQsendQueryParams)(connection, text, count, types, values, lengths, formats, result_format);
}
int PQserverVersion(const PGconn* connection) { return LV_LIBPQ(PQserverVersion)(connection); }
PGVerbosity PQsetErrorVerbosity(PGconn* connection, PGVerbosity verbosity) {
  return LV_LIBPQ(PQsetErrorVerbosity)(connection, verbosity);
}
int PQsetnonblocking(PGconn* connection, int on) { return LV_LIBPQ(PQsetnonblocking)(connection, on); }
PQnoticeProcessor PQsetNoticeProcessor(PGconn* connection, PQnoticeProcessor processor, void* argument) {
  return LV_LIBPQ(PQsetNoticeProcessor)(connection, processor, argument);
}
int PQsetSingleRowMode(PGconn* connection) { return LV_LIBPQ(PQsetSingleRowMode)(connection); }
int PQsocket(const PGconn* connection) { return LV_LIBPQ(PQsocket)(connection); }
ConnStatusType PQstatus(const PGconn* connection) { return LV_LIBPQ(PQstatus)(connection); }
PGTransactionStatusType PQtransactionStatus(const PGconn* connection) {
  return LV_LIBPQ(PQtransactionStatus)(connection);
}
}
