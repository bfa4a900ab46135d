#pragma once

#include "libagent/tasks/name_hash.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

namespace libagent {

/// Keeps retries to a part of the first attempts, for each tool by itself, so that a tool that is
/// down is not loaded with several times what it could not take already ("retry budget" of Google's
/// SRE book, chapter 21, "Handling Overload").
///
/// Each tool has a bucket: a first attempt puts a tenth of a token in, a retry takes a whole one.
/// It holds ten tokens, and begins with them, so that a rarely used tool is retried, too. A full
/// bucket is as good as none and is not kept: memory is only used by tools that were retried
/// lately. Past `tools_max` of those the others share one bucket, which may refuse a retry early
/// but never lets more through. Thread safety: none.
class retry_budget {
public:
  static constexpr std::size_t tools_max = 1024;

  /// Takes a token; false: there is none, so the run is not to be tried again.
  [[nodiscard]] bool try_retry(const std::string& tool);

  void on_first_attempt(const std::string& tool);

  /// Retries that were refused so far.
  [[nodiscard]] std::uint64_t refused() const { return refused_; }

  /// Tools with a bucket of their own.
  [[nodiscard]] std::size_t size() const { return tenths_.size(); }

private:
  // In tenths of a token, as a sum of 0.1 is not exact.
  static constexpr std::uint32_t tenths_max = 100;
  static constexpr std::uint32_t tenths_per_retry = 10;

  [[nodiscard]] std::uint32_t& bucket_to_spend_from(const std::string& tool);

  name_table<std::uint32_t> tenths_;
  std::uint32_t shared_tenths_ = tenths_max;
  std::uint64_t refused_ = 0;
};

}  // namespace libagent
