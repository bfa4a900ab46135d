#include "libagent/memory/memory_ledger.hpp"

#include "libagent/base/contract.hpp"

#include <algorithm>
#include <mutex>
#include <utility>

namespace libagent {

/// What a ledger and its grants share. The functions are called with the mutex held.
struct ledger_account {
  explicit ledger_account(std::uint64_t limit_bytes)
      : limit{limit_bytes}, guess{limit_bytes / first_guess_part} {}

  [[nodiscard]] std::uint64_t promised() const { return baseline + reserved; }

  [[nodiscard]] std::uint64_t room() const {
    return limit - std::min(limit, std::max(used, promised()));
  }

  void measure(std::uint64_t used_now);
  void guess_anew();
  void give(std::uint64_t bytes, bool is_guess);
  void take_back(std::uint64_t bytes, bool is_guess);

  static constexpr std::uint64_t first_guess_part = 8;
  static constexpr std::uint64_t least_guess_part = 256;
  static constexpr std::uint64_t largest_guess_part = 2;
  static constexpr std::uint64_t guess_fall_part = 64;  // per measurement: half in five seconds
  static constexpr std::uint64_t trim_part = 20;

  mutable std::mutex mutex;
  const std::uint64_t limit;
  std::uint64_t guess;
  std::uint64_t used = 0;
  std::uint64_t baseline = 0;
  std::uint64_t reserved = 0;
  std::uint64_t guessed = 0;  // the part of `reserved` that is guesses
  std::uint64_t grants = 0;
  std::uint64_t guess_grants = 0;
  std::uint64_t refused = 0;
  std::uint64_t refused_at_trim = 0;
  std::uint64_t back_since_trim = 0;
  bool is_quiet = true;  // nothing was set aside since the last measurement
};

void ledger_account::measure(std::uint64_t used_now) {
  used = used_now;
  const auto is_free = grants == 0;
  baseline = is_free && is_quiet ? used_now : std::min(baseline, used_now);
  is_quiet = is_free;
  guess_anew();
}

void ledger_account::guess_anew() {
  if (guess_grants == 0)
    return;
  const auto explained = promised() - guessed;
  const auto by_head = (used - std::min(used, explained)) / guess_grants;
  guess = std::clamp(std::max(by_head, guess - guess / guess_fall_part), limit / least_guess_part,
                     limit / largest_guess_part);
}

void ledger_account::give(std::uint64_t bytes, bool is_guess) {
  reserved += bytes;
  ++grants;
  is_quiet = false;
  if (is_guess) {
    guessed += bytes;
    ++guess_grants;
  }
}

void ledger_account::take_back(std::uint64_t bytes, bool is_guess) {
  reserved -= bytes;
  --grants;
  back_since_trim += bytes;
  if (is_guess) {
    guessed -= bytes;
    --guess_grants;
  }
}

namespace {

std::uint64_t ledger_limit(std::uint64_t budget_bytes, double share) {
  LIBAGENT_EXPECTS(budget_bytes > 0);
  LIBAGENT_EXPECTS(share > 0 && share <= 1);
  return static_cast<std::uint64_t>(static_cast<double>(budget_bytes) * share);
}

}  // namespace

memory_grant::memory_grant(std::shared_ptr<ledger_account> account, std::uint64_t bytes,
                           bool is_guess)
    : account_{std::move(account)}, bytes_{bytes}, is_guess_{is_guess} {}

memory_grant::memory_grant(memory_grant&& other) noexcept
    : account_{std::move(other.account_)},
      bytes_{std::exchange(other.bytes_, 0)},
      is_guess_{other.is_guess_} {}

memory_grant& memory_grant::operator=(memory_grant&& other) noexcept {
  memory_grant taken{std::move(other)};
  std::swap(account_, taken.account_);
  std::swap(bytes_, taken.bytes_);
  std::swap(is_guess_, taken.is_guess_);
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
  account->take_back(bytes, is_guess_);
}

std::shared_ptr<void> memory_grant::share() && {
  return std::make_shared<memory_grant>(std::move(*this));
}

memory_ledger::memory_ledger(std::uint64_t budget_bytes, double share)
    : account_{std::make_shared<ledger_account>(ledger_limit(budget_bytes, share))} {}

void memory_ledger::update(std::uint64_t used_bytes) {
  const std::lock_guard lock{account_->mutex};
  account_->measure(used_bytes);
}

std::optional<memory_grant> memory_ledger::try_reserve(std::uint64_t bytes) {
  const std::lock_guard lock{account_->mutex};
  if (bytes > account_->room()) {
    ++account_->refused;
    return std::nullopt;
  }
  account_->give(bytes, false);
  return memory_grant{account_, bytes, false};
}

std::optional<memory_grant> memory_ledger::try_reserve_unknown() {
  const std::lock_guard lock{account_->mutex};
  const auto bytes = account_->guess;
  if (bytes > account_->room() && account_->grants > 0) {
    ++account_->refused;
    return std::nullopt;
  }
  account_->give(bytes, true);
  return memory_grant{account_, bytes, true};
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

std::uint64_t memory_ledger::guess() const {
  const std::lock_guard lock{account_->mutex};
  return account_->guess;
}

std::uint64_t memory_ledger::promised() const {
  const std::lock_guard lock{account_->mutex};
  return account_->promised();
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

bool memory_ledger::is_trim_wanted() const {
  const std::lock_guard lock{account_->mutex};
  return account_->refused > account_->refused_at_trim ||
         account_->back_since_trim >= account_->limit / ledger_account::trim_part;
}

void memory_ledger::note_trim() {
  const std::lock_guard lock{account_->mutex};
  account_->refused_at_trim = account_->refused;
  account_->back_since_trim = 0;
}

}  // namespace libagent
