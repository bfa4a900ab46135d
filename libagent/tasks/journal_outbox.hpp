#pragma once

#include "libagent/base/error.hpp"
#include "libagent/base/time.hpp"
#include "libagent/tasks/journal_write.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace libagent {

/// Writes that are committed together.
struct journal_batch {
  std::uint64_t number = 0;
  std::shared_ptr<const std::vector<journal_write>> writes;
};

/// Collects what is to be journalled, and holds back what may only happen once it is.
///
/// One batch is under way at a time; what comes meanwhile makes the next one, so the slower the
/// disk, the more share a commit (group commit). When a commit fails for a cause that may pass,
/// accepts that can be refused are refused, and the rest is tried again until it works. When it
/// fails for good, everything is told so, now and later.
///
/// Thread safety: none. Effects are called from `committed` and `failed`, and from `write` once it
/// is broken; they may write again.
class journal_outbox {
public:
  /// Told when its write is committed (null), or why it will never be.
  using effect = std::function<void(const error* failure)>;

  static constexpr std::size_t batch_max = 4'096;

  /// `then` may be empty.
  void write(journal_write what, effect then);

  /// The batch to commit now; empty while one is under way, while the next try is not due, and
  /// when there is nothing to write.
  [[nodiscard]] std::optional<journal_batch> next(time_point now);

  void committed(std::uint64_t number);
  /// `io_failed` and `corrupt` are for good; the rest may pass.
  void failed(std::uint64_t number, const error& why, time_point now);

  /// Why nothing can be accepted at present; empty when all is well. There is something to write
  /// as long as it is not for good, so it ends by itself.
  [[nodiscard]] const std::optional<error>& trouble() const { return trouble_; }

  /// It failed for good.
  [[nodiscard]] bool is_broken() const { return is_broken_; }

  /// When `next` has something to try again.
  [[nodiscard]] std::optional<time_point> retry_at() const { return retry_at_; }

  /// Nothing waits and nothing is under way.
  [[nodiscard]] bool idle() const { return waiting_.empty() && under_way_.empty(); }

  [[nodiscard]] std::size_t size() const { return waiting_.size() + under_way_.size(); }

private:
  struct item {
    journal_write what;
    effect then;
  };

  void refuse_accepts(const error& why, std::size_t tried);
  void break_off(const error& why);

  std::deque<item> waiting_;
  std::vector<effect> under_way_;  // Of the batch, in its order.
  std::shared_ptr<const std::vector<journal_write>> batch_;
  std::uint64_t number_ = 0;
  std::optional<error> trouble_;
  bool is_broken_ = false;
  std::optional<time_point> retry_at_;
  std::chrono::milliseconds pause_{0};
};

}  // namespace libagent
