#pragma once

#include "libagent/base/time.hpp"
#include "libagent/record/field.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

namespace libagent {

/// When a child that ended is restarted: always, only after a failure, or never.
enum class restart_type : std::uint8_t { permanent, transient, temporary };

template <>
struct enum_names<restart_type> {
  static constexpr std::array<std::pair<restart_type, std::string_view>, 3> values{
      {{restart_type::permanent, "permanent"},
       {restart_type::transient, "transient"},
       {restart_type::temporary, "temporary"}}};
};

enum class child_kind : std::uint8_t { worker, supervisor };

template <>
struct enum_names<child_kind> {
  static constexpr std::array<std::pair<child_kind, std::string_view>, 2> values{
      {{child_kind::worker, "worker"}, {child_kind::supervisor, "supervisor"}}};
};

/// How a child ended. `normal`: done, without an error. `shutdown`: asked to, by whomever.
enum class exit_kind : std::uint8_t { normal, shutdown, failure };

/// Whether a child that ended this way, unasked by its supervisor, is restarted.
[[nodiscard]] constexpr bool should_restart(restart_type restart, exit_kind how) {
  switch (restart) {
    case restart_type::permanent: return true;
    case restart_type::transient: return how == exit_kind::failure;
    case restart_type::temporary: return false;
  }
  return false;
}

/// How a supervisor makes a child end.
class shutdown_rule {
public:
  /// Kills at once, without asking.
  [[nodiscard]] static constexpr shutdown_rule brutal_kill() {
    return shutdown_rule{duration::zero()};
  }

  /// Asks, and kills a child that has not ended after `patience`.
  [[nodiscard]] static constexpr shutdown_rule within(duration patience) {
    return shutdown_rule{patience};
  }

  /// Asks, and waits for ever. Only sensible for supervisors, whose own children have limits.
  [[nodiscard]] static constexpr shutdown_rule infinite() { return shutdown_rule{std::nullopt}; }

  [[nodiscard]] constexpr bool asks_first() const { return patience_ != duration::zero(); }

  /// nullopt: for ever.
  [[nodiscard]] constexpr std::optional<duration> patience() const { return patience_; }

private:
  explicit constexpr shutdown_rule(std::optional<duration> patience) : patience_{patience} {}

  std::optional<duration> patience_;
};

/// What a supervisor must know about a child to decide about it.
struct child_rules {
  restart_type restart = restart_type::permanent;
  shutdown_rule shutdown = shutdown_rule::within(std::chrono::seconds{5});
  /// Its own end can end the supervisor; see `auto_shutdown`. Not for permanent children, which
  /// never end for good.
  bool significant = false;
};

}  // namespace libagent
