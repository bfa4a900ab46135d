# Warnings and sanitizers of our own targets. Both are private: users of the
# installed library keep their own flags.
add_library(libagent_flags INTERFACE)

target_compile_options(libagent_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion
  # Leaving members out of a designated initializer is our way to say "the default";
  # g++ 12 warns of it when the member has no initializer of its own.
  -Wno-missing-field-initializers
  # With optimization g++ 12 takes the value of an empty std::optional for one that is
  # read uninitialized. clang's analyzer, which scripts/test --all runs, knows better.
  $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>
  # g++ 12 reports a use after free in caf/response_promise.hpp that is none. The
  # optimizer raises it, so it appears although CAF is a system include.
  $<$<CXX_COMPILER_ID:GNU>:-Wno-use-after-free>)
if(CMAKE_UNITY_BUILD AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # Only the main file of a compilation may use its unnamed namespace in a class with
  # external linkage, says this warning; in a unity batch every file is an included one.
  target_compile_options(libagent_flags INTERFACE -Wno-subobject-linkage)
endif()
if(LIBAGENT_WERROR)
  target_compile_options(libagent_flags INTERFACE -Werror)
endif()

# CMake's -O3 takes a tenth longer to compile than -O2.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")

if(LIBAGENT_SANITIZE)
  add_compile_options(-fsanitize=${LIBAGENT_SANITIZE} -fno-sanitize-recover=all
    -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${LIBAGENT_SANITIZE})
endif()

find_program(LIBAGENT_CCACHE ccache)
if(LIBAGENT_CCACHE AND NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER)
  # With the root as the base, clones of the repository share what they compiled.
  set(CMAKE_CXX_COMPILER_LAUNCHER
    "${CMAKE_COMMAND}" -E env "CCACHE_BASEDIR=${CMAKE_CURRENT_SOURCE_DIR}" CCACHE_NOHASHDIR=1
    "${LIBAGENT_CCACHE}")
endif()
