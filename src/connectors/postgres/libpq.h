// libpq, loaded when the first connection is made: it brings twenty other libraries with it (TLS, Kerberos, LDAP), and
// linking them takes longer than all else that a start does. libpq-fe.h is used as ever; the functions of it that we
// call stand in libpq.cc and hand on to the real ones. One that is missing there is an error of the linker.
#pragma once
#include "base/error.h"

namespace levada {

// Must have gone well once before any function of libpq is called; thread safe. kind unsupported: it is not installed.
Result<void> load_libpq();

}  // namespace levada
