#pragma once

#include "libagent/base/error.hpp"
#include "libagent/record/field.hpp"
#include "libagent/record/record_traits.hpp"

#include <nlohmann/json_fwd.hpp>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace libagent {

/// One value of a JSON document and the way to it.
///
/// Its children refer to it, so a cursor lives on the stack while they are read; on success no
/// path is ever written out. The `read_...` functions return whether the value fits; when not,
/// the first failure is kept, with the path, as `errc::invalid_argument`.
/// Nothing here is a template or shows the JSON library, which keeps the reader cheap to compile.
class json_cursor {
public:
  json_cursor(const nlohmann::json& value, std::optional<error>& failure);
  json_cursor(const json_cursor& parent, const nlohmann::json& value, std::string_view key);
  json_cursor(const json_cursor& parent, const nlohmann::json& value, std::size_t index);
  json_cursor(const json_cursor&) = delete;
  json_cursor& operator=(const json_cursor&) = delete;
  json_cursor(json_cursor&&) = delete;
  json_cursor& operator=(json_cursor&&) = delete;
  ~json_cursor() = default;

  [[nodiscard]] bool is_null() const;

  [[nodiscard]] bool read_bool(bool& out) const;
  /// Accepts whole numbers however they are spelled (`2`, `2.0`, `2e0`), as JSON Schema does;
  /// beyond 2^53 in digits only, since a double is no longer exact there.
  /// @pre `low` is not positive and `high` is not negative.
  [[nodiscard]] bool read_signed(std::int64_t low, std::int64_t high, const value_bounds& bounds,
                                 std::int64_t& out) const;
  [[nodiscard]] bool read_unsigned(std::uint64_t high, const value_bounds& bounds,
                                   std::uint64_t& out) const;
  [[nodiscard]] bool read_real(double magnitude_max, const value_bounds& bounds, double& out) const;
  [[nodiscard]] bool read_string(const value_bounds& bounds, std::string& out) const;
  /// The value as JSON text; null becomes the empty text.
  [[nodiscard]] bool read_raw(const value_bounds& bounds, std::string& out) const;

  [[nodiscard]] bool expect_list(const value_bounds& bounds, std::size_t& size) const;
  /// @pre The value is a list of more than `index` elements.
  [[nodiscard]] const nlohmann::json& element(std::size_t index) const;

  /// Calls `read` for each member of an object until it returns false.
  [[nodiscard]] bool for_each_member(
      const value_bounds& bounds,
      const std::function<bool(const std::string&, const nlohmann::json&)>& read) const;

  /// Finds the members of an object by name; absent ones give null pointers. Fails when this is
  /// not an object or has members that `names` does not list.
  [[nodiscard]] bool find_members(std::span<const std::string_view> names,
                                  std::span<const nlohmann::json*> found) const;

  /// Keeps "PATH: what" as the failure unless there is one. Always returns false.
  bool fail(const std::string& what) const;
  /// Fails with "expected X, got Y".
  bool fail_expected(std::string_view what) const;
  /// Fails with `missing field "NAME" (expected X)`.
  bool fail_missing(std::string_view name, std::string_view what) const;
  /// Fails because `text` is none of `allowed`.
  bool fail_choice(std::string_view text, std::span<const std::string_view> allowed) const;

private:
  void append_path(std::string& out) const;
  [[nodiscard]] bool check_bounds(const value_bounds& bounds, long double number) const;
  [[nodiscard]] bool fail_range(const std::string& low, const std::string& high) const;

  const nlohmann::json* value_;
  const json_cursor* parent_ = nullptr;
  std::string_view key_;  // of this value in its parent, when that is an object
  std::size_t index_ = 0;
  bool is_element_ = false;
  std::optional<error>* failure_;
};

/// What to call a type in "expected ...".
template <class T>
[[nodiscard]] constexpr std::string_view expected_name() {
  if constexpr (optional_type<T>) {
    return expected_name<optional_value_t<T>>();
  } else if constexpr (std::is_same_v<T, raw_json>) {
    return "any JSON value";
  } else if constexpr (std::is_same_v<T, bool>) {
    return "boolean";
  } else if constexpr (integer_type<T> || duration_type<T>) {
    return "integer";
  } else if constexpr (std::is_floating_point_v<T>) {
    return "number";
  } else if constexpr (std::is_same_v<T, std::string> || named_enum<T>) {
    return "string";
  } else if constexpr (string_scalar_type<T>) {
    return string_scalar<T>::what;
  } else if constexpr (list_type<T> || fixed_list_type<T>) {
    return "array";
  } else {
    return "object";
  }
}

template <class T>
[[nodiscard]] bool read_json(const json_cursor& at, const value_bounds& bounds, T& out);

/// The record inspector that fills a record from a JSON object. Unknown members are refused before
/// missing ones are noticed, because a misspelt name is both.
class json_reader {
public:
  using is_record_inspector = void;

  explicit json_reader(const json_cursor& at) : at_{&at} {}

  template <class T, class... Fields>
  bool visit_record(T&, const char*, record_field<Fields>&... fields) {
    const std::array<std::string_view, sizeof...(Fields)> names{fields.name...};
    std::array<const nlohmann::json*, sizeof...(Fields)> members{};
    if (!at_->find_members(names, members)) {
      return false;
    }
    [[maybe_unused]] std::size_t next = 0;
    return (read_field(fields, members[next++]) && ...);
  }

private:
  template <class T>
  bool read_field(record_field<T>& f, const nlohmann::json* member) const {
    if (member != nullptr) {
      const json_cursor child{*at_, *member, f.name};
      return read_json(child, {f.minimum, f.maximum, f.size_max}, f.value);
    }
    if (f.default_value) {
      f.value = std::move(*f.default_value);
      return true;
    }
    if constexpr (optional_type<T>) {
      f.value.reset();
      return true;
    } else {
      return at_->fail_missing(f.name, expected_name<T>());
    }
  }

  const json_cursor* at_;
};

namespace record_detail {

template <integer_type T>
bool read_integer(const json_cursor& at, const value_bounds& bounds, T& out) {
  if constexpr (std::is_signed_v<T>) {
    std::int64_t wide = 0;
    if (!at.read_signed(std::numeric_limits<T>::min(), std::numeric_limits<T>::max(), bounds,
                        wide)) {
      return false;
    }
    out = static_cast<T>(wide);
  } else {
    std::uint64_t wide = 0;
    if (!at.read_unsigned(std::numeric_limits<T>::max(), bounds, wide)) {
      return false;
    }
    out = static_cast<T>(wide);
  }
  return true;
}

template <std::floating_point T>
bool read_real(const json_cursor& at, const value_bounds& bounds, T& out) {
  double wide = 0;
  if (!at.read_real(static_cast<double>(std::numeric_limits<T>::max()), bounds, wide)) {
    return false;
  }
  out = static_cast<T>(wide);
  return true;
}

template <duration_type T>
bool read_duration(const json_cursor& at, T& out) {
  std::int64_t count = 0;
  if (!at.read_signed(0, static_cast<std::int64_t>(duration_count_max<T>()), {}, count)) {
    return false;
  }
  out = T{static_cast<typename T::rep>(count)};
  return true;
}

template <named_enum E>
bool read_enum(const json_cursor& at, E& out) {
  std::string text;
  if (!at.read_string({}, text)) {
    return false;
  }
  if (const auto value = value_of<E>(text)) {
    out = *value;
    return true;
  }
  std::array<std::string_view, enum_names<E>::values.size()> allowed{};
  for (std::size_t i = 0; i < allowed.size(); ++i) {
    allowed[i] = enum_names<E>::values[i].second;
  }
  return at.fail_choice(text, allowed);
}

template <string_scalar_type T>
bool read_text_scalar(const json_cursor& at, const value_bounds& bounds, T& out) {
  std::string text;
  if (!at.read_string(bounds, text)) {
    return false;
  }
  auto value = string_scalar<T>::from_text(text);
  if (!value) {
    return at.fail_expected(string_scalar<T>::what);
  }
  out = std::move(*value);
  return true;
}

template <list_type T>
bool read_list(const json_cursor& at, const value_bounds& bounds, T& out) {
  std::size_t size = 0;
  if (!at.expect_list(bounds, size)) {
    return false;
  }
  out.clear();
  out.reserve(size);
  for (std::size_t i = 0; i < size; ++i) {
    typename T::value_type element{};
    const json_cursor child{at, at.element(i), i};
    if (!read_json(child, {}, element)) {
      return false;
    }
    out.push_back(std::move(element));
  }
  return true;
}

template <fixed_list_type T>
bool read_fixed_list(const json_cursor& at, T& out) {
  std::size_t size = 0;
  if (!at.expect_list({}, size)) {
    return false;
  }
  if (size != out.size()) {
    return at.fail("expected exactly " + std::to_string(out.size()) + " elements, got " +
                   std::to_string(size));
  }
  for (std::size_t i = 0; i < size; ++i) {
    const json_cursor child{at, at.element(i), i};
    if (!read_json(child, {}, out[i])) {
      return false;
    }
  }
  return true;
}

template <map_type T>
bool read_map(const json_cursor& at, const value_bounds& bounds, T& out) {
  out.clear();
  return at.for_each_member(bounds, [&](const std::string& key, const nlohmann::json& member) {
    typename T::mapped_type element{};
    const json_cursor child{at, member, key};
    if (!read_json(child, {}, element)) {
      return false;
    }
    out.emplace(key, std::move(element));
    return true;
  });
}

/// All that is neither a container nor a record.
template <class T>
bool read_scalar_value(const json_cursor& at, const value_bounds& bounds, T& out) {
  if constexpr (std::is_same_v<T, raw_json>) {
    return at.read_raw(bounds, out.text);
  } else if constexpr (std::is_same_v<T, bool>) {
    return at.read_bool(out);
  } else if constexpr (integer_type<T>) {
    return read_integer(at, bounds, out);
  } else if constexpr (std::is_floating_point_v<T>) {
    return read_real(at, bounds, out);
  } else if constexpr (duration_type<T>) {
    return read_duration(at, out);
  } else if constexpr (std::is_same_v<T, std::string>) {
    return at.read_string(bounds, out);
  } else if constexpr (named_enum<T>) {
    return read_enum(at, out);
  } else if constexpr (string_scalar_type<T>) {
    return read_text_scalar(at, bounds, out);
  } else {
    refuse_record_type<T>();
  }
}

}  // namespace record_detail

/// Fills `out` from the value at `at`; returns whether it fits. A failure leaves `out` half filled.
template <class T>
bool read_json(const json_cursor& at, const value_bounds& bounds, T& out) {
  if constexpr (optional_type<T>) {
    if (at.is_null()) {
      out.reset();
      return true;
    }
    return read_json(at, bounds, out.emplace());
  } else if constexpr (list_type<T>) {
    return record_detail::read_list(at, bounds, out);
  } else if constexpr (fixed_list_type<T>) {
    return record_detail::read_fixed_list(at, out);
  } else if constexpr (map_type<T>) {
    return record_detail::read_map(at, bounds, out);
  } else if constexpr (record_type<T>) {
    json_reader reader{at};
    return inspect(reader, out);
  } else {
    return record_detail::read_scalar_value(at, bounds, out);
  }
}

}  // namespace libagent
