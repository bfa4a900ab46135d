#pragma once

#include "libagent/base/contract.hpp"
#include "libagent/base/error.hpp"

#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

namespace libagent {

/// A value or an `error`: the subset of C++23's `std::expected` that this project uses, so that
/// it can be swapped for the standard one.
template <class T>
class [[nodiscard]] expected {
public:
  using value_type = T;

  expected(T value) : data_{std::in_place_index<0>, std::move(value)} {}

  expected(libagent::error err) : data_{std::in_place_index<1>, std::move(err)} {}

  [[nodiscard]] bool has_value() const noexcept { return data_.index() == 0; }

  explicit operator bool() const noexcept { return has_value(); }

  /// @pre `has_value()`.
  [[nodiscard]] T& value() & {
    LIBAGENT_EXPECTS(has_value());
    return *std::get_if<0>(&data_);
  }

  [[nodiscard]] const T& value() const& {
    LIBAGENT_EXPECTS(has_value());
    return *std::get_if<0>(&data_);
  }

  [[nodiscard]] T&& value() && { return std::move(value()); }

  [[nodiscard]] T& operator*() & { return value(); }

  [[nodiscard]] const T& operator*() const& { return value(); }

  [[nodiscard]] T&& operator*() && { return std::move(value()); }

  [[nodiscard]] T* operator->() { return &value(); }

  [[nodiscard]] const T* operator->() const { return &value(); }

  template <class U>
  [[nodiscard]] T value_or(U&& fallback) const& {
    return has_value() ? value() : static_cast<T>(std::forward<U>(fallback));
  }

  /// @pre `!has_value()`.
  [[nodiscard]] libagent::error& error() & {
    LIBAGENT_EXPECTS(!has_value());
    return *std::get_if<1>(&data_);
  }

  [[nodiscard]] const libagent::error& error() const& {
    LIBAGENT_EXPECTS(!has_value());
    return *std::get_if<1>(&data_);
  }

private:
  std::variant<T, libagent::error> data_;
};

/// Success without a value, or an `error`.
template <>
class [[nodiscard]] expected<void> {
public:
  using value_type = void;

  expected() = default;

  expected(libagent::error err) : error_{std::move(err)} {}

  [[nodiscard]] bool has_value() const noexcept { return !error_.has_value(); }

  explicit operator bool() const noexcept { return has_value(); }

  /// @pre `!has_value()`.
  [[nodiscard]] const libagent::error& error() const {
    LIBAGENT_EXPECTS(!has_value());
    return *error_;
  }

private:
  std::optional<libagent::error> error_;
};

}  // namespace libagent
