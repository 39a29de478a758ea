// All unit tests (src/*/x_test.cc) in one program. `levada_unit_test -ts=log` runs one folder's.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
