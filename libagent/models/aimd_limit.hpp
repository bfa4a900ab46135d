#pragma once

#include "libagent/base/time.hpp"

#include <chrono>
#include <cstdint>

namespace libagent {

/// How many calls a provider gets at a time: halved when it says that it is overloaded, grown by
/// about one for each round of answers up to the usual number (additive increase, multiplicative
/// decrease: Chiu and Jain 1989; as in TCP, one round of refusals counts once).
///
/// Thread safety: none.
class aimd_limit {
public:
  /// After a cut it does not grow for so long.
  static constexpr std::chrono::seconds rest{1};

  /// @pre `usual` is positive.
  explicit aimd_limit(std::uint32_t usual);

  /// Changes the usual number; a limit that was cut stays cut.
  /// @pre `usual` is positive.
  void set_usual(std::uint32_t usual);

  [[nodiscard]] std::uint32_t usual() const { return usual_; }

  /// At least 1, at most the usual number.
  [[nodiscard]] std::uint32_t current() const;

  [[nodiscard]] bool is_cut() const { return exact_ < static_cast<double>(usual_); }

  void on_success(time_point now);

  /// Refused although it began after the last cut: cuts again.
  void on_overload(time_point began, time_point now);

private:
  std::uint32_t usual_;
  double exact_;
  time_point cut_at_ = time_point::min();
};

}  // namespace libagent
