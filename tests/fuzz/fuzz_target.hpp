#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

/// What libFuzzer calls with each input. Each target is a program of its own: with clang's
/// `-fsanitize=fuzzer` it hunts, with `run_corpus.cpp` it runs the files of a folder.
// NOLINTNEXTLINE(readability-identifier-naming): the name is libFuzzer's
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace libagent::testing {

inline std::string_view fuzz_text(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// Ends the program when a promise is broken, in every kind of build.
inline void fuzz_check(bool kept, const char* promise) {
  if (kept)
    return;
  std::fprintf(stderr, "broken promise: %s\n", promise);
  std::abort();
}

}  // namespace libagent::testing
