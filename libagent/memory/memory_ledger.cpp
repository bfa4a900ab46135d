#include "libagent/memory/memory_ledger.hpp"

#include "libagent/base/contract.hpp"

#include <algorithm>
#include <mutex>
#include <utility>

namespace libagent {

/// What a ledger and its grants share.
struct ledger_account {
  explicit ledger_account(std::uint64_t limit_bytes) : limit{limit_bytes} {}

  // The functions below are called with the mutex held.
  [[nodiscard]] std::uint64_t in_use() const { return std::max(used, baseline + reserved); }

  [[nodiscard]] std::uint64_t room() const { return limit - std::min(limit, in_use()); }

  mutable std::mutex mutex;
  const std::uint64_t limit;
  std::uint64_t used = 0;
  std::uint64_t baseline = 0;
  std::uint64_t reserved = 0;
  std::uint64_t grants = 0;
  std::uint64_t refused = 0;
  bool is_quiet = true;  // nothing was set aside since the last measurement
};

namespace {

std::uint64_t ledger_limit(std::uint64_t budget_bytes, double share) {
  LIBAGENT_EXPECTS(budget_bytes > 0);
  LIBAGENT_EXPECTS(share > 0 && share <= 1);
  return static_cast<std::uint64_t>(static_cast<double>(budget_bytes) * share);
}

}  // namespace

memory_grant::memory_grant(std::shared_ptr<ledger_account> account, std::uint64_t bytes)
    : account_{std::move(account)}, bytes_{bytes} {}

memory_grant::memory_grant(memory_grant&& other) noexcept
    : account_{std::move(other.account_)}, bytes_{std::exchange(other.bytes_, 0)} {}

memory_grant& memory_grant::operator=(memory_grant&& other) noexcept {
  memory_grant taken{std::move(other)};
  std::swap(account_, taken.account_);
  std::swap(bytes_, taken.bytes_);
  return *this;
}

memory_grant::~memory_grant() {
  release();
}

void memory_grant::release() {
  const auto account = std::move(account_);
  const auto bytes = std::exchange(bytes_, 0);
  if (!account)
    return;
  const std::lock_guard lock{account->mutex};
  account->reserved -= bytes;
  --account->grants;
}

std::shared_ptr<void> memory_grant::share() && {
  return std::make_shared<memory_grant>(std::move(*this));
}

memory_ledger::memory_ledger(std::uint64_t budget_bytes, double share)
    : account_{std::make_shared<ledger_account>(ledger_limit(budget_bytes, share))} {}

void memory_ledger::update(std::uint64_t used_bytes) {
  const std::lock_guard lock{account_->mutex};
  account_->used = used_bytes;
  const auto is_free = account_->reserved == 0;
  account_->baseline =
      is_free && account_->is_quiet ? used_bytes : std::min(account_->baseline, used_bytes);
  account_->is_quiet = is_free;
}

std::optional<memory_grant> memory_ledger::try_reserve(std::uint64_t bytes) {
  const std::lock_guard lock{account_->mutex};
  if (bytes > account_->room()) {
    ++account_->refused;
    return std::nullopt;
  }
  account_->reserved += bytes;
  ++account_->grants;
  account_->is_quiet = account_->is_quiet && bytes == 0;
  return memory_grant{account_, bytes};
}

memory_refusal memory_ledger::refusal_of(std::uint64_t bytes) const {
  const std::lock_guard lock{account_->mutex};
  if (bytes > account_->limit)
    return memory_refusal::never;
  return bytes > account_->room() ? memory_refusal::not_now : memory_refusal::none;
}

std::uint64_t memory_ledger::reserved() const {
  const std::lock_guard lock{account_->mutex};
  return account_->reserved;
}

std::uint64_t memory_ledger::grants() const {
  const std::lock_guard lock{account_->mutex};
  return account_->grants;
}

std::uint64_t memory_ledger::baseline() const {
  const std::lock_guard lock{account_->mutex};
  return account_->baseline;
}

std::uint64_t memory_ledger::headroom() const {
  const std::lock_guard lock{account_->mutex};
  return account_->room();
}

std::uint64_t memory_ledger::largest_possible() const {
  const std::lock_guard lock{account_->mutex};
  return account_->limit - std::min(account_->limit, account_->baseline);
}

std::uint64_t memory_ledger::refused() const {
  const std::lock_guard lock{account_->mutex};
  return account_->refused;
}

}  // namespace libagent
