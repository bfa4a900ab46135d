#pragma once

#include "libagent/base/text.hpp"
#include "libagent/record/field.hpp"
#include "libagent/record/record_traits.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <concepts>
#include <string>
#include <string_view>
#include <type_traits>

namespace libagent {

template <class T>
void append_json(std::string& out, const T& value);

/// The record inspector that appends a record as a compact JSON object.
class json_writer {
public:
  using is_record_inspector = void;

  explicit json_writer(std::string& out) : out_{&out} {}

  template <class T, class... Fields>
  bool visit_record(T&, const char*, record_field<Fields>&... fields) {
    *out_ += '{';
    [[maybe_unused]] bool is_first = true;
    (append_member(fields, is_first), ...);
    *out_ += '}';
    return true;
  }

private:
  template <class T>
  void append_member(const record_field<T>& f, bool& is_first) {
    if constexpr (optional_type<T>) {
      if (!f.value) {
        return;
      }
    }
    if (!is_first) {
      *out_ += ',';
    }
    is_first = false;
    append_quoted(*out_, f.name);
    *out_ += ':';
    append_json(*out_, f.value);
  }

  std::string* out_;
};

namespace record_detail {

template <class T>
void append_number(std::string& out, T value) {
  if constexpr (std::is_floating_point_v<T>) {
    if (!std::isfinite(value)) {
      out += "null";
      return;
    }
    if (value == 0 && std::signbit(value)) {
      out += "-0.0";  // "-0" would be read as the integer 0 and lose its sign
      return;
    }
  }
  std::array<char, 32> buffer{};
  const auto done = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  out.append(buffer.data(), done.ptr);
}

template <class T>
void append_list(std::string& out, const T& list) {
  out += '[';
  bool is_first = true;
  for (const typename T::value_type& element : list) {
    if (!is_first) {
      out += ',';
    }
    is_first = false;
    append_json(out, element);
  }
  out += ']';
}

template <map_type T>
void append_map(std::string& out, const T& map) {
  out += '{';
  bool is_first = true;
  for (const auto& [key, element] : map) {
    if (!is_first) {
      out += ',';
    }
    is_first = false;
    append_quoted(out, key);
    out += ':';
    append_json(out, element);
  }
  out += '}';
}

/// All that is neither a container nor a record.
template <class T>
void append_scalar(std::string& out, const T& value) {
  if constexpr (std::is_same_v<T, raw_json>) {
    out += value.text.empty() ? std::string_view{"null"} : std::string_view{value.text};
  } else if constexpr (std::is_same_v<T, bool>) {
    out += value ? "true" : "false";
  } else if constexpr (integer_type<T> || std::is_floating_point_v<T>) {
    append_number(out, value);
  } else if constexpr (duration_type<T>) {
    append_number(out, value.count());
  } else if constexpr (std::is_same_v<T, std::string>) {
    append_quoted(out, value);
  } else if constexpr (named_enum<T>) {
    append_quoted(out, name_of(value));
  } else if constexpr (string_scalar_type<T>) {
    append_quoted(out, string_scalar<T>::to_text(value));
  } else {
    refuse_record_type<T>();
  }
}

}  // namespace record_detail

/// Appends `value` as compact JSON.
///
/// - An empty optional leaves its key out; elsewhere than in a field it is `null`.
/// - `raw_json` is embedded as it is; empty means `null`. It must be valid JSON.
/// - Numbers read back as the same value; a float or double that is not finite, which JSON cannot
///   say, becomes `null`.
/// - Bytes of strings that are not valid UTF-8 become U+FFFD.
/// - A fixed order: fields as declared, `std::map` by key. `std::unordered_map` has none.
template <class T>
void append_json(std::string& out, const T& value) {
  if constexpr (optional_type<T>) {
    if (value) {
      append_json(out, *value);
    } else {
      out += "null";
    }
  } else if constexpr (list_type<T> || fixed_list_type<T>) {
    record_detail::append_list(out, value);
  } else if constexpr (map_type<T>) {
    record_detail::append_map(out, value);
  } else if constexpr (record_type<T>) {
    json_writer writer{out};
    // `inspect` serves readers too and so takes a mutable reference; a writer only reads.
    inspect(writer, const_cast<T&>(value));
  } else {
    record_detail::append_scalar(out, value);
  }
}

}  // namespace libagent
