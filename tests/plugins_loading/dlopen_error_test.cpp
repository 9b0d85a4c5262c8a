#include "core/dlopen_error.h"

#include <boost/test/unit_test.hpp>

#include "zoo.h"

using dl::host::describe_dlopen_error;

BOOST_AUTO_TEST_SUITE(dlopen_error)

BOOST_AUTO_TEST_CASE(symbols_are_demangled) {
  const auto text = describe_dlopen_error("/p/a.so: undefined symbol: _ZN3foo3barEi", "/p/a.so", {});
  BOOST_TEST(zoo::has(text, "undefined symbol: foo::bar(int); link"));
  BOOST_TEST(text.find("wanted by") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(c_symbols_and_versions_stay) {
  const auto text =
      describe_dlopen_error("/p/libdep.so: undefined symbol: do_it, version LIB_2", "/p/a.so", {"libdep.so"});
  BOOST_TEST(zoo::has(text, "undefined symbol: do_it, version LIB_2, wanted by /p/libdep.so"));
}

BOOST_AUTO_TEST_CASE(missing_libraries) {
  const std::string message = "libfoo.so.2: cannot open shared object file: No such file or directory";
  BOOST_TEST(zoo::has(describe_dlopen_error(message, "/p/a.so", {"libbar.so", "libfoo.so.2"}),
                      "its NEEDED libfoo.so.2 is not found"));
  BOOST_TEST(zoo::has(describe_dlopen_error(message, "/p/a.so", {"libbar.so"}),
                      "libfoo.so.2, needed by one of its libraries (libbar.so), is not found"));
}

BOOST_AUTO_TEST_CASE(anything_else_stays_as_it_is) {
  const std::string message = "/lib/libc.so.6: version `GLIBC_2.99' not found (required by /p/a.so)";
  BOOST_TEST(describe_dlopen_error(message, "/p/a.so", {"libc.so.6"}) == message);
}

BOOST_AUTO_TEST_SUITE_END()
