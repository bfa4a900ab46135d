#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace libagent {

/// The description of a field. Made at compile time only, so that a missing or an empty one is a
/// compile error and never reaches a user.
struct field_description {
  // NOLINTNEXTLINE(google-explicit-constructor): a literal is the natural spelling.
  consteval field_description(const char* literal) : text{literal} {
    if (literal[0] == '\0') {
      throw "a record field needs a description that is not empty";
    }
  }

  const char* text;
};

/// One field of a record: name, description, a reference to the value, and its constraints.
///
/// Built by `field(...)` inside an `inspect` overload; lives only as long as that call.
template <class T>
struct record_field {
  using value_type = T;

  const char* name;
  const char* description;
  T& value;
  std::optional<T> default_value;       ///< Set: the field may be left out of the input.
  std::optional<double> minimum;        ///< Inclusive; for numbers.
  std::optional<double> maximum;        ///< Inclusive; for numbers.
  std::optional<std::size_t> size_max;  ///< Bytes of a string, elements of a list or map.

  /// The field may be left out; it then has this value.
  record_field fallback(T used_when_absent) && {
    default_value = std::move(used_when_absent);
    return std::move(*this);
  }

  /// Numbers outside [low, high] are refused.
  record_field range(double low, double high) && {
    static_assert(std::is_arithmetic_v<T>, "range() is for numbers");
    minimum = low;
    maximum = high;
    return std::move(*this);
  }

  /// Longer strings (bytes), lists and maps (elements) are refused.
  record_field max_size(std::size_t limit) && {
    size_max = limit;
    return std::move(*this);
  }
};

/// Declares a field: its JSON name, what it means, and where its value lives.
template <class T>
[[nodiscard]] record_field<T> field(const char* name, field_description description, T& value) {
  return {name, description.text, value, {}, {}, {}, {}};
}

template <class T>
inline constexpr bool dependent_false = false;

/// Catches the forgotten description.
template <class T>
record_field<T> field(const char*, T& value) {
  static_assert(dependent_false<T>,
                "a record field needs a description: field(name, description, value)");
  return {nullptr, nullptr, value, {}, {}, {}, {}};
}

/// Inspectors of this project (JSON reader, JSON writer, schema maker) see names, descriptions and
/// constraints. All others, CAF's among them, see names and values.
template <class Inspector>
concept record_inspector = requires { typename Inspector::is_record_inspector; };

/// Describes a whole record. The one line of an `inspect` overload:
///
///     template <class Inspector>
///     bool inspect(Inspector& f, add_input& x) {
///       return libagent::record(f, x, "add_input",
///                               libagent::field("a", "First summand.", x.a),
///                               libagent::field("b", "Second summand.", x.b).fallback(0));
///     }
///
/// From it come JSON Schema, JSON in and out with path-precise errors, and CAF's wire format.
/// Fields are required unless they have a `fallback` or are a `std::optional`.
template <class Inspector, class T, class... Fields>
bool record(Inspector& f, T& x, const char* name, record_field<Fields>... fields) {
  if constexpr (record_inspector<Inspector>) {
    return f.visit_record(x, name, fields...);
  } else {
    return f.object(x)
        .pretty_name(std::string_view{name})
        .fields(f.field(std::string_view{fields.name}, fields.value)...);
  }
}

/// Specialise for an enum that appears in records:
/// `static constexpr std::array<std::pair<E, std::string_view>, N> values`.
template <class E>
struct enum_names;

template <class E>
concept named_enum = std::is_enum_v<E> && requires { enum_names<E>::values; };

/// The name of `value`, or "unknown".
template <named_enum E>
[[nodiscard]] constexpr std::string_view name_of(E value) {
  for (const auto& [candidate, name] : enum_names<E>::values) {
    if (candidate == value) {
      return name;
    }
  }
  return "unknown";
}

/// The value called `name`, if there is one.
template <named_enum E>
[[nodiscard]] constexpr std::optional<E> value_of(std::string_view name) {
  for (const auto& [candidate, spelled] : enum_names<E>::values) {
    if (spelled == name) {
      return candidate;
    }
  }
  return std::nullopt;
}

/// CAF's view of a named enum: its number, refused when it names no value.
template <class Inspector, named_enum E>
  requires(!record_inspector<Inspector>)
bool inspect(Inspector& f, E& x) {
  using number = std::underlying_type_t<E>;
  auto get = [&x] { return static_cast<number>(x); };
  auto set = [&x](number raw) {
    for (const auto& [candidate, name] : enum_names<E>::values) {
      if (static_cast<number>(candidate) == raw) {
        x = candidate;
        return true;
      }
    }
    return false;
  };
  return f.apply(get, set);
}

/// Text that is JSON already. In JSON it appears as the value it spells, elsewhere as a string.
/// Empty means `null`.
struct raw_json {
  std::string text;

  friend bool operator==(const raw_json&, const raw_json&) = default;
};

template <class Inspector>
  requires(!record_inspector<Inspector>)
bool inspect(Inspector& f, raw_json& x) {
  return f.object(x).pretty_name("raw_json").fields(f.field("text", x.text));
}

}  // namespace libagent
