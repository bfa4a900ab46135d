#pragma once

#include "libagent/http/http_error.hpp"
#include "libagent/openai/json_tape.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace libagent {

/// The way to a value in a request. Parts refer to those before them and so live on the stack while
/// these are read; written out only for an error, as OpenAI does it: `messages[2].content`.
struct request_path {
  const request_path* before = nullptr;
  std::string_view name;
  // NOLINTNEXTLINE(readability-redundant-member-init): lets users of -Wextra leave it out
  std::optional<std::size_t> index{};  ///< Of an element; it has no name then.

  [[nodiscard]] std::string text() const;
};

/// What is wrong with a request; the first thing that is. All that may fail returns whether the
/// request is still right, so that checks can be chained.
class request_problem {
public:
  /// A 400 that says "PATH: WHAT". Always returns false.
  bool wrong(const request_path& at, const std::string& what,
             std::string_view code = "invalid_value");
  bool wrong_type(const request_path& at, std::string_view expected, json_view got);
  bool missing(const request_path& at, std::string_view expected);

  /// A body that is no JSON (400) or has too many bytes or values (413).
  bool unreadable(const error& failure);

  // A member that is absent or null leaves `out` alone.
  [[nodiscard]] bool read(json_view value, const request_path& at, std::optional<bool>& out);
  [[nodiscard]] bool read(json_view value, const request_path& at, bool& out);
  /// @param bytes_max Longer ones are refused.
  [[nodiscard]] bool read(json_view value, const request_path& at, std::size_t bytes_max,
                          std::string& out);
  [[nodiscard]] bool read(json_view value, const request_path& at, double low, double high,
                          std::optional<double>& out);
  [[nodiscard]] bool read(json_view value, const request_path& at, std::int64_t low,
                          std::int64_t high, std::optional<std::int64_t>& out);

  /// A string that must be there and must not be empty.
  [[nodiscard]] bool read_required(json_view value, const request_path& at, std::size_t bytes_max,
                                   std::string& out);

  /// @pre Something failed.
  [[nodiscard]] const http_error& failure() const { return failure_; }

private:
  http_error failure_;
};

}  // namespace libagent
