#pragma once

#include "libagent/base/task_id.hpp"

#include <concepts>
#include <optional>
#include <string>
#include <string_view>

namespace libagent {

/// Specialise for a type whose JSON is a string. The specialisation has
/// - `static std::string to_text(const T&)`,
/// - `static std::optional<T> from_text(std::string_view)`: empty when the text is not one,
/// - `static constexpr const char* what`: what is expected, for errors ("a UUID"),
/// - `static constexpr const char* format`: JSON Schema's `format`, or an empty string.
template <class T>
struct string_scalar;

template <class T>
concept string_scalar_type = requires(const T& value, std::string_view text) {
  { string_scalar<T>::to_text(value) } -> std::same_as<std::string>;
  { string_scalar<T>::from_text(text) } -> std::same_as<std::optional<T>>;
  { string_scalar<T>::what } -> std::convertible_to<const char*>;
  { string_scalar<T>::format } -> std::convertible_to<const char*>;
};

template <>
struct string_scalar<task_id> {
  static std::string to_text(const task_id& id) { return to_string(id); }

  static std::optional<task_id> from_text(std::string_view text) {
    return task_id_from_string(text);
  }

  static constexpr const char* what = "a UUID";
  static constexpr const char* format = "uuid";
};

}  // namespace libagent
