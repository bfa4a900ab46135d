#pragma once

#include "libagent/base/contract.hpp"
#include "libagent/ports/journal.hpp"

#include <cstdint>
#include <mutex>
#include <span>
#include <utility>

namespace libagent {

/// A journal in the hands of one dispatcher at a time. A dispatcher that is restarted loads anew,
/// and from then on nothing of its predecessor is committed any more: it would be missing in what
/// was loaded. Thread safety: any thread.
class journal_access {
public:
  /// @pre `kept` is not null.
  explicit journal_access(journal_ptr kept) : kept_{std::move(kept)} {
    LIBAGENT_EXPECTS(kept_ != nullptr);
  }

  struct loaded {
    std::uint64_t epoch = 0;  ///< To be shown with every commit.
    journal_contents contents;
  };

  [[nodiscard]] expected<loaded> load() {
    const std::lock_guard guard{mutex_};
    auto contents = kept_->load();
    if (!contents)
      return contents.error();
    return loaded{.epoch = ++epoch_, .contents = *std::move(contents)};
  }

  /// Errors: `cancelled` when somebody loaded since; those of the journal.
  [[nodiscard]] expected<void> commit(std::uint64_t epoch, std::span<const journal_write> writes) {
    const std::lock_guard guard{mutex_};
    if (epoch != epoch_)
      return error{errc::cancelled, "commit to the journal: it is in other hands now"};
    return kept_->commit(writes);
  }

  /// For all that is neither loading nor committing.
  [[nodiscard]] journal& operator*() const { return *kept_; }

private:
  journal_ptr kept_;
  std::mutex mutex_;
  std::uint64_t epoch_ = 0;
};

using journal_access_ptr = std::shared_ptr<journal_access>;

}  // namespace libagent
