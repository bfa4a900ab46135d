#include "libagent/tasks/idempotency_keys.hpp"

#include "libagent/base/contract.hpp"
#include "libagent/record/canonical_json.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

namespace libagent {

namespace {

/// The finaliser of SplitMix64 (Steele et al. 2014): a bijection that spreads every bit.
std::uint64_t mix_bits(std::uint64_t z) {
  z += 0x9E3779B97F4A7C15ULL;
  z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27U)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31U);
}

/// Absorbs a text in words of eight bytes, the lowest first on every machine, and its length, so
/// that no two lists of texts are the same bytes cut differently.
std::uint64_t absorb(std::uint64_t state, std::string_view text) {
  state = mix_bits(state ^ text.size());
  for (std::size_t at = 0; at < text.size(); at += 8) {
    std::uint64_t word = 0;
    const auto size = std::min<std::size_t>(8, text.size() - at);
    for (std::size_t i = 0; i < size; ++i) {
      word |= std::uint64_t{static_cast<unsigned char>(text[at + i])} << (8 * i);
    }
    state = mix_bits(state ^ word);
  }
  return state;
}

/// Smaller steps of the wall clock back are passed over: they delay little.
constexpr unix_millis clock_step_max = 60'000;

/// The name of a choice that may be absent. Names are part of the API; numbers might change.
template <named_enum E>
std::string_view name_if_any(const std::optional<E>& choice) {
  return choice ? name_of(*choice) : std::string_view{};
}

}  // namespace

std::uint64_t fingerprint_of(const task_request& request) {
  std::string arguments = request.arguments.text.empty() ? "{}" : request.arguments.text;
  // What is no JSON will be refused elsewhere; until then it is only like itself.
  if (auto canonical = canonical_json(arguments))
    arguments = std::move(*canonical);
  const auto timeout = request.timeout ? std::to_string(request.timeout->count()) : std::string{};
  auto state = absorb(0, request.target);
  state = absorb(state, arguments);
  state = absorb(state, name_if_any(request.lane_override));
  state = absorb(state, timeout);
  return absorb(state, name_if_any(request.level));
}

idempotency_keys::idempotency_keys(const key_limits& limits, std::uint64_t seed_high,
                                   std::uint64_t seed_low)
    : limits_{limits}, seed_{.high = seed_high, .low = seed_low} {
  LIBAGENT_EXPECTS(limits_.count_max > 0);
  LIBAGENT_EXPECTS(limits_.age > std::chrono::milliseconds::zero());
}

// Each word is mixed into a state that an asker does not know, so nobody can compute a collision
// without the seeds.
idempotency_keys::hashed_key idempotency_keys::hash_of(std::string_view client,
                                                       std::string_view key) const {
  LIBAGENT_EXPECTS(!key.empty());
  return {.high = absorb(absorb(seed_.high, client), key),
          .low = absorb(absorb(seed_.low, client), key)};
}

key_finding idempotency_keys::find(std::string_view client, std::string_view key,
                                   std::uint64_t fingerprint) const {
  const auto found = entries_.find(hash_of(client, key));
  if (found == entries_.end()) {
    const auto is_full = entries_.size() >= limits_.count_max;
    return {.verdict = is_full ? key_verdict::full : key_verdict::fresh, .id = {}};
  }
  const auto is_same = found->second.fingerprint == fingerprint;
  return {.verdict = is_same ? key_verdict::same : key_verdict::different, .id = found->second.id};
}

void idempotency_keys::add(std::string_view client, std::string_view key, const task_id& id,
                           std::uint64_t fingerprint, unix_millis accepted_at) {
  const auto [place, is_new] = entries_.try_emplace(hash_of(client, key));
  auto& added = place->second;
  if (!is_new)
    unlink(added);
  added = {
      .id = id, .fingerprint = fingerprint, .accepted_at = accepted_at, .own_key = &place->first};
  append(added);
}

void idempotency_keys::append(entry& added) {
  added.older = newest_;
  (newest_ == nullptr ? oldest_ : newest_->newer) = &added;
  newest_ = &added;
  latest_ = std::max(latest_, added.accepted_at);
}

void idempotency_keys::unlink(const entry& removed) {
  (removed.older == nullptr ? oldest_ : removed.older->newer) = removed.newer;
  (removed.newer == nullptr ? newest_ : removed.newer->older) = removed.older;
}

void idempotency_keys::remove(std::string_view client, std::string_view key, const task_id& id) {
  const auto found = entries_.find(hash_of(client, key));
  if (found == entries_.end() || found->second.id != id)
    return;
  unlink(found->second);
  entries_.erase(found);
}

void idempotency_keys::forget_old(unix_millis now) {
  if (now + clock_step_max < latest_)
    age_from(now);
  latest_ = std::max(latest_, now);
  while (oldest_ != nullptr && oldest_->accepted_at <= now - limits_.age.count()) {
    const auto key = *oldest_->own_key;
    unlink(*oldest_);
    entries_.erase(key);
  }
}

// Else keys of a clock that was years ahead would fill the table for years.
void idempotency_keys::age_from(unix_millis now) {
  for (auto* each = oldest_; each != nullptr; each = each->newer) {
    each->accepted_at = std::min(each->accepted_at, now);
  }
  latest_ = now;
}

}  // namespace libagent
