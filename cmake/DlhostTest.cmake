# dl_add_test(NAME sources… [LIBS libraries…] [RANKS n…] [SUITES suites…] [LABELS labels…] [TIMEOUT seconds] [NO_PCH]
#             [LAUNCHER program])
#
# A Boost.Test executable (the sources include <boost/test/unit_test.hpp>, nothing else is needed) and its CTest entry
# NAME; with RANKS one entry NAME.n for each number, run by mpirun; with SUITES one entry NAME.suite for each of
# its suites. Default time-out: 120 s. Headers are included from the
# root of the checkout ("core/config.h"). NO_PCH: the sources don't see torch::nn::Module and compile faster without the
# precompiled header. LAUNCHER: runs the test as `program TEST ARGUMENTS…`; ends with 77 where the test must be skipped.
# Every time-out is so many times as long: sanitizers need it.
set(DL_TEST_SLOWDOWN 1)
if(CMAKE_CXX_FLAGS_DEBUG MATCHES "-fsanitize=")
  set(DL_TEST_SLOWDOWN 5)
endif()
# The environment of each test has DL_TEST_PYTHON, a Python with numpy and safetensors.
set(DL_TEST_ENVIRONMENT
  DL_TEST_PYTHON=${PROJECT_SOURCE_DIR}/.deps/venv/bin/python DL_TEST_SLOWDOWN=${DL_TEST_SLOWDOWN}
  OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_btl_vader_single_copy_mechanism=none
  OMPI_MCA_hwloc_base_binding_policy=none)

function(dl_add_test NAME)
  cmake_parse_arguments(PARSE_ARGV 1 arg "NO_PCH" "TIMEOUT;LAUNCHER" "LIBS;RANKS;SUITES;LABELS")
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  math(EXPR arg_TIMEOUT "${arg_TIMEOUT} * ${DL_TEST_SLOWDOWN}")
  find_package(Boost 1.81 REQUIRED COMPONENTS unit_test_framework)

  set(target test_${NAME})
  set(main ${CMAKE_CURRENT_BINARY_DIR}/${target}_main.cpp)
  file(CONFIGURE OUTPUT ${main} CONTENT "#define BOOST_TEST_MODULE @NAME@\n#include <boost/test/unit_test.hpp>\n" @ONLY)
  set_source_files_properties(${main} PROPERTIES SKIP_PRECOMPILE_HEADERS ON)
  add_executable(${target} ${arg_UNPARSED_ARGUMENTS} ${main})
  target_compile_definitions(${target} PRIVATE BOOST_TEST_DYN_LINK)
  target_link_libraries(${target} PRIVATE ${arg_LIBS} dl::sdk Boost::unit_test_framework dl_warnings)
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/tests)
  if(NOT arg_NO_PCH)
    target_precompile_headers(${target} REUSE_FROM dl_pch)
  endif()
  set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)

  if(arg_RANKS)
    find_program(DLHOST_MPIRUN mpirun REQUIRED)
    foreach(ranks IN LISTS arg_RANKS)
      add_test(NAME ${NAME}.${ranks} COMMAND ${DLHOST_MPIRUN} --oversubscribe -n ${ranks} $<TARGET_FILE:${target}>)
      set_tests_properties(${NAME}.${ranks} PROPERTIES
        ENVIRONMENT "${DL_TEST_ENVIRONMENT}" TIMEOUT ${arg_TIMEOUT} LABELS "${arg_LABELS}" PROCESSORS ${ranks})
    endforeach()
  elseif(arg_SUITES)
    foreach(suite IN LISTS arg_SUITES)
      add_test(NAME ${NAME}.${suite} COMMAND ${arg_LAUNCHER} $<TARGET_FILE:${target}> --run_test=${suite})
      set_tests_properties(${NAME}.${suite} PROPERTIES
        ENVIRONMENT "${DL_TEST_ENVIRONMENT}" TIMEOUT ${arg_TIMEOUT} LABELS "${arg_LABELS}" SKIP_RETURN_CODE 77)
    endforeach()
  else()
    add_test(NAME ${NAME} COMMAND ${arg_LAUNCHER} $<TARGET_FILE:${target}>)
    set_tests_properties(${NAME} PROPERTIES
      ENVIRONMENT "${DL_TEST_ENVIRONMENT}" TIMEOUT ${arg_TIMEOUT} LABELS "${arg_LABELS}" SKIP_RETURN_CODE 77)
  endif()
endfunction()
