#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/base/units.hpp"
#include "libagent/record/field.hpp"

#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace libagent {

/// How an option's value is written.
enum class option_kind : std::uint8_t { text, integer, time_span, size, choice };

/// One option, bound to the variable that holds it: key, variable, bounds, help.
///
///     option{"memory.sample-interval", config.memory.sample_interval, 10ms, 60s,
///            "How often memory use is read."}
///
/// The variable's value at that moment is the default, so a default is said once, in the struct.
/// The option refers to the variable and must not outlive it. Bounds are inclusive.
/// Thread safety: none.
class option {
public:
  /// Checks a text: an empty answer means that it fits, another says what would.
  using text_check = std::function<std::string(std::string_view)>;

  option(std::string key, std::string& value, std::string help, text_check check = nullptr);

  option(std::string key, std::chrono::milliseconds& value, std::chrono::milliseconds low,
         std::chrono::milliseconds high, std::string help);

  option(std::string key, byte_size& value, byte_size low, byte_size high, std::string help);

  template <std::unsigned_integral T>
  option(std::string key, T& value, std::type_identity_t<T> low, std::type_identity_t<T> high,
         std::string help)
      : option{std::move(key), std::move(help),
               integer_access{[&value] { return std::uint64_t{value}; },
                              [&value](std::uint64_t number) { value = static_cast<T>(number); },
                              low, high}} {}

  template <named_enum E>
  option(std::string key, E& value, std::string help)
      : option{std::move(key), std::move(help),
               choice_access{[&value] { return std::string{name_of(value)}; },
                             [&value](std::string_view name) {
                               const auto found = value_of<E>(name);
                               value = found.value_or(value);
                               return found.has_value();
                             },
                             names_of<E>()}} {}

  /// Its value is never shown: not in errors, not in listings.
  [[nodiscard]] option secret() &&;

  [[nodiscard]] const std::string& key() const { return key_; }

  [[nodiscard]] const std::string& help() const { return help_; }

  [[nodiscard]] option_kind kind() const { return kind_; }

  [[nodiscard]] bool is_secret() const { return is_secret_; }

  /// "10ms to 1m", or the choices; empty when any text will do.
  [[nodiscard]] const std::string& allowed() const { return allowed_; }

  [[nodiscard]] const std::vector<std::string>& choices() const { return choices_; }

  /// The bounds of an integer; meaningless for other kinds.
  [[nodiscard]] std::uint64_t low() const { return low_; }

  [[nodiscard]] std::uint64_t high() const { return high_; }

  /// The part of the key before the first dot.
  [[nodiscard]] std::string_view section() const;
  /// The part after it.
  [[nodiscard]] std::string_view name() const;
  /// The variable of the environment that sets it: `LIBAGENT_MEMORY_SAMPLE_INTERVAL`.
  [[nodiscard]] std::string environment_variable() const;

  /// Sets the variable from text. Errors: `invalid_argument`; then the variable is unchanged, and
  /// the context says what was given and what is allowed, without the key.
  [[nodiscard]] expected<void> assign(std::string_view text);

  /// The present value, as `assign` takes it.
  [[nodiscard]] std::string text() const { return read_(); }

  [[nodiscard]] const std::string& default_text() const { return default_; }

private:
  struct integer_access {
    std::function<std::uint64_t()> get;
    std::function<void(std::uint64_t)> set;
    std::uint64_t low;
    std::uint64_t high;
  };

  struct choice_access {
    std::function<std::string()> get;
    std::function<bool(std::string_view)> set;
    std::vector<std::string> names;
  };

  option(std::string key, std::string help, const integer_access& access);
  option(std::string key, std::string help, const choice_access& access);

  template <named_enum E>
  static std::vector<std::string> names_of() {
    std::vector<std::string> names;
    names.reserve(enum_names<E>::values.size());
    for (const auto& [value, name] : enum_names<E>::values) {
      names.emplace_back(name);
    }
    return names;
  }

  [[nodiscard]] error refused(std::string_view text, const std::string& why) const;

  std::string key_;
  std::string help_;
  option_kind kind_;
  bool is_secret_ = false;
  std::string allowed_;
  std::vector<std::string> choices_;
  std::uint64_t low_ = 0;
  std::uint64_t high_ = std::numeric_limits<std::uint64_t>::max();
  std::function<std::string()> read_;
  std::function<expected<void>(std::string_view)> write_;  ///< Its error says why only.
  std::string default_;
};

}  // namespace libagent
