#pragma once

#include "libagent/record/field.hpp"
#include "libagent/record/string_scalar.hpp"

#include <array>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <ratio>
#include <string>
#include <type_traits>
#include <unordered_map>
#include <vector>

namespace libagent {

/// The kinds of types that may stand in a record. Reader, writer and schema maker all branch on
/// these, so that a type is either known to all three or refused at compile time by all three.
namespace record_traits {

/// Stands for any record inspector when asking whether a type has an `inspect` overload.
struct probe {
  using is_record_inspector = void;

  template <class T, class... Fields>
  bool visit_record(T&, const char*, Fields&...);
};

template <class T>
struct optional_value {};

template <class T>
struct optional_value<std::optional<T>> {
  using type = T;
};

template <class T>
struct list_value {};

template <class T, class A>
struct list_value<std::vector<T, A>> {
  using type = T;
};

template <class T>
struct fixed_list_value {};

template <class T, std::size_t N>
struct fixed_list_value<std::array<T, N>> {
  using type = T;
  static constexpr std::size_t size = N;
};

template <class T>
struct map_value {};

template <class V, class C, class A>
struct map_value<std::map<std::string, V, C, A>> {
  using type = V;
};

template <class V, class H, class E, class A>
struct map_value<std::unordered_map<std::string, V, H, E, A>> {
  using type = V;
};

template <class T>
inline constexpr bool is_duration = false;
template <class Rep, class Period>
inline constexpr bool is_duration<std::chrono::duration<Rep, Period>> = std::integral<Rep>;

}  // namespace record_traits

template <class T>
concept optional_type = requires { typename record_traits::optional_value<T>::type; };

template <optional_type T>
using optional_value_t = typename record_traits::optional_value<T>::type;

namespace record_traits {

template <class T>
struct optional_or_self {
  using type = T;
};

template <class T>
struct optional_or_self<std::optional<T>> {
  using type = T;
};

}  // namespace record_traits

/// What is inside an optional; T itself for all other types.
template <class T>
using optional_or_self_t = typename record_traits::optional_or_self<T>::type;

/// `std::vector`.
template <class T>
concept list_type = requires { typename record_traits::list_value<T>::type; };

/// `std::array`: a list that has exactly as many elements as the type says.
template <class T>
concept fixed_list_type = requires { typename record_traits::fixed_list_value<T>::type; };

/// `std::map` and `std::unordered_map` with string keys.
template <class T>
concept map_type = requires { typename record_traits::map_value<T>::type; };

/// A chrono duration that counts in integers: a whole number of its unit in JSON, so its field is
/// named for the unit (`timeout_ms`).
template <class T>
concept duration_type = record_traits::is_duration<T>;

/// Integers of all widths. Not `bool`, and not the character types, which are text to people.
template <class T>
concept integer_type = std::integral<T> && !std::same_as<T, bool> && !std::same_as<T, char> &&
                       !std::same_as<T, wchar_t> && !std::same_as<T, char8_t> &&
                       !std::same_as<T, char16_t> && !std::same_as<T, char32_t>;

/// A struct with an `inspect` overload that calls `record(...)`.
template <class T>
concept record_type = std::is_class_v<T> && requires(record_traits::probe& f, T& x) {
  { inspect(f, x) } -> std::same_as<bool>;
};

/// What a field allows beyond its type. Bounds are inclusive.
struct value_bounds {
  std::optional<double> minimum;
  std::optional<double> maximum;
  std::optional<std::size_t> size_max;
};

/// Lengths of time in records are not negative and at most 100 years, so that adding one to a
/// clock reading in nanoseconds cannot overflow.
template <duration_type T>
[[nodiscard]] constexpr typename T::rep duration_count_max() {
  constexpr auto years = std::chrono::hours{24 * 36'500};
  using wide = std::chrono::duration<std::int64_t, typename T::period>;
  constexpr auto count = std::chrono::duration_cast<wide>(years).count();
  constexpr auto rep_max = std::numeric_limits<typename T::rep>::max();
  return static_cast<std::uint64_t>(count) > static_cast<std::uint64_t>(rep_max)
             ? rep_max
             : static_cast<typename T::rep>(count);
}

/// What a program must do to put a type into a record, said by the compiler.
template <class T>
[[noreturn]] constexpr void refuse_record_type() {
  static_assert(dependent_false<T>,
                "this type cannot be in a record: give a struct an `inspect` overload that calls "
                "record(), an enum `enum_names`, a type written as text `string_scalar`");
}

}  // namespace libagent
