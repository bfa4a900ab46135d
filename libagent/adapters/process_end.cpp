#include "libagent/adapters/process_end.hpp"

#include "libagent/base/text.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <sys/wait.h>

namespace libagent {

namespace {

constexpr std::size_t last_words_bytes_max = 200;

std::string signal_name(int number) {
  const char* name = sigabbrev_np(number);
  return name != nullptr ? std::string{"SIG"} + name : "signal " + std::to_string(number);
}

std::string in_mebibytes(std::uint64_t bytes) {
  constexpr double mebibyte = 1U << 20U;
  const auto tenths = static_cast<std::uint64_t>(static_cast<double>(bytes) / mebibyte * 10);
  return number_text(static_cast<double>(tenths) / 10) + " MiB";
}

bool speaks_of_memory(std::string_view words) {
  constexpr auto phrases = std::to_array<std::string_view>(
      {"bad_alloc", "MemoryError", "Cannot allocate memory", "out of memory", "Out of memory",
       "memory exhausted", "cannot allocate"});
  return std::ranges::any_of(phrases, [words](std::string_view phrase) {
    return words.find(phrase) != std::string_view::npos;
  });
}

}  // namespace

std::string describe(const process_end& end) {
  if (!end.status)
    return "never, though it was killed";
  if (WIFEXITED(*end.status))
    return "with exit code " + std::to_string(WEXITSTATUS(*end.status));
  return "by " + signal_name(WTERMSIG(*end.status));
}

bool was_signalled(const process_end& end) {
  return end.status && WIFSIGNALED(*end.status);
}

std::string limit_hit(const process_end& end, const process_limits& limits,
                      std::string_view last_words) {
  const int signal = was_signalled(end) ? WTERMSIG(*end.status) : 0;
  if (signal == SIGXCPU)
    return ", its CPU time was limited to " + std::to_string(limits.cpu_time.count()) + " s";
  if (signal == SIGXFSZ)
    return ", a file it writes was limited to " + in_mebibytes(limits.file_bytes);
  if (limits.memory_bytes != 0 && memory_limit_works() && speaks_of_memory(last_words))
    return ", its memory was limited to " + in_mebibytes(limits.memory_bytes);
  if (signal == SIGKILL)
    return ", which the kernel sends when memory runs out";
  return {};
}

std::string crash_details(const process_end& end, std::string_view last_words) {
  std::string text;
  if (!last_words.empty())
    text += "; it last said " + quoted_excerpt(last_words, last_words_bytes_max);
  if (end.peak_bytes != 0)
    text += "; its memory peaked at " + in_mebibytes(end.peak_bytes);
  return text;
}

}  // namespace libagent
