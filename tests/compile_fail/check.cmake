# Compiles FILE and compares the outcome with what the file's first line promises:
#   // error: <text>   the compiler fails and its output contains the text
#   // compiles        the compiler succeeds (a control for the files beside it)
file(STRINGS "${FILE}" lines LIMIT_COUNT 1)
list(GET lines 0 promise)

set(include_flags)
foreach(directory IN LISTS INCLUDE_DIRECTORIES)
  list(APPEND include_flags "-I${directory}")
endforeach()
execute_process(
  COMMAND "${COMPILER}" -std=c++20 -fsyntax-only ${include_flags} "${FILE}"
  RESULT_VARIABLE result ERROR_VARIABLE output OUTPUT_VARIABLE output)

if(promise STREQUAL "// compiles")
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "should compile, but:\n${output}")
  endif()
elseif(promise MATCHES "^// error: (.+)$")
  set(expected "${CMAKE_MATCH_1}")
  string(FIND "${output}" "${expected}" at)
  if(result EQUAL 0)
    message(FATAL_ERROR "should fail to compile with \"${expected}\", but compiles")
  elseif(at EQUAL -1)
    message(FATAL_ERROR "should fail to compile with \"${expected}\", but fails with:\n${output}")
  endif()
else()
  message(FATAL_ERROR "the first line must be '// error: <text>' or '// compiles', not: ${promise}")
endif()
