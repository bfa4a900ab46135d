#pragma once

#include "libagent/base/time.hpp"
#include "libagent/tasks/name_hash.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace libagent {

/// From when on a handler that holds its thread is a stall.
struct stall_limits {
  duration counted = std::chrono::milliseconds{1};    ///< From here on it shows in the metrics.
  duration reported = std::chrono::milliseconds{10};  ///< From here on it is an offence.
  std::uint32_t offences_max = 3;  ///< With that many the tool is moved; zero: never.
};

/// What is to be done about one run. `moved` is said once for each tool.
enum class stall_verdict : std::uint8_t { none, counted, reported, moved };

/// What is known of one tool's stalls.
struct stall_record {
  std::string tool;
  std::uint64_t count = 0;  ///< Runs that were counted, also those that were reported.
  duration total{};         ///< What they held their threads for.
  duration longest{};
  std::uint32_t offences = 0;
  bool moved = false;
};

/// The watchdog's memory: which tools held the threads that short tasks need, and which of them
/// did so too often and run in the batch lane from then on.
///
/// Remembers at most `tools_max` tools. The one that stalled least recently makes room, but never
/// one that was moved; when all were, a new tool gets its verdicts and is not remembered.
/// Thread safety: none.
class stall_book {
public:
  static constexpr std::size_t tools_max = 256;

  /// @pre `limits.counted` <= `limits.reported`.
  explicit stall_book(stall_limits limits = {});

  /// Notes that a run of `tool` held its thread for `held`.
  stall_verdict note(std::string_view tool, duration held);

  [[nodiscard]] bool is_moved(std::string_view tool) const;

  /// By name.
  [[nodiscard]] std::vector<stall_record> list() const;

private:
  struct page {
    std::uint64_t count = 0;
    duration total{};
    duration longest{};
    std::uint32_t offences = 0;
    bool moved = false;
    std::uint64_t noted_at = 0;  // Counted in notes.
  };

  /// Null when there is no room.
  page* page_of(std::string_view tool);
  bool make_room();
  [[nodiscard]] bool offends(page& offender) const;

  stall_limits limits_;
  name_table<page> pages_;
  std::uint64_t notes_ = 0;
};

}  // namespace libagent
