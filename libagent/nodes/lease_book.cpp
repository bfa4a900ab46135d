#include "libagent/nodes/lease_book.hpp"

#include "libagent/base/contract.hpp"
#include "libagent/base/random.hpp"
#include "libagent/base/text.hpp"

#include <algorithm>
#include <utility>

namespace libagent {

namespace {

/// Earlier starts of one node that are remembered while it is there; more than two at a time only
/// come of several nodes with the same name.
constexpr std::size_t replaced_max = 16;

}  // namespace

lease_book::lease_book(const lease_limits& limits, std::uint64_t seed)
    : limits_{limits}, last_number_{seeded_random{seed}()} {
  LIBAGENT_EXPECTS(limits.beat.count() > 0);
  LIBAGENT_EXPECTS(limits.lapse >= 2 * limits.beat);
}

lease_book::leases::const_iterator lease_book::find_by(std::string_view node) const {
  return std::ranges::find_if(leases_,
                              [node](const auto& entry) { return entry.second.node == node; });
}

expected<std::optional<peer_number>> lease_book::claim(std::string_view node,
                                                       std::uint64_t incarnation) const {
  const auto present = find_by(node);
  if (present == leases_.end())
    return std::optional<peer_number>{};
  if (std::ranges::find(present->second.replaced, incarnation) != present->second.replaced.end()) {
    return error{errc::already_exists, "node name " + quoted_excerpt(node) +
                                           " is taken by a later start: give each node its own "
                                           "with --node"};
  }
  return std::optional{present->first};
}

peer_number lease_book::grant(std::string node, std::uint64_t incarnation, time_point now) {
  LIBAGENT_EXPECTS(claim(node, incarnation).has_value());
  std::vector<std::uint64_t> replaced;
  if (const auto present = find_by(node); present != leases_.end()) {
    replaced = present->second.replaced;
    // The same one: only its cluster actor was restarted.
    if (present->second.incarnation != incarnation)
      replaced.push_back(present->second.incarnation);
    if (replaced.size() > replaced_max)
      replaced.erase(replaced.begin());
    leases_.erase(present);
    ++stats_.replaced;
  }
  const auto number = next_number();
  leases_.emplace(number, lease{.node = std::move(node),
                                .incarnation = incarnation,
                                .heard_at = now,
                                .replaced = std::move(replaced)});
  return number;
}

peer_number lease_book::next_number() {
  if (++last_number_ == 0)
    ++last_number_;  // 0 is no lease
  return last_number_;
}

void lease_book::heard(peer_number peer, time_point now) {
  if (const auto found = leases_.find(peer); found != leases_.end())
    found->second.heard_at = std::max(found->second.heard_at, now);
}

bool lease_book::beat(peer_number peer, std::uint64_t incarnation, time_point now) {
  const auto found = leases_.find(peer);
  if (found == leases_.end() || found->second.incarnation != incarnation)
    return false;
  ++stats_.beats;
  heard(peer, now);
  return true;
}

void lease_book::end(peer_number peer) {
  leases_.erase(peer);
}

std::vector<peer_number> lease_book::take_lapsed(time_point now) {
  std::vector<peer_number> lapsed;
  for (const auto& [number, held] : leases_) {
    if (now - held.heard_at >= limits_.lapse)
      lapsed.push_back(number);
  }
  for (const auto number : lapsed)
    leases_.erase(number);
  stats_.lapsed += lapsed.size();
  return lapsed;
}

bool lease_book::take_beat(time_point now) {
  if (last_beat_ && now - *last_beat_ < limits_.beat)
    return false;
  last_beat_ = now;
  return true;
}

}  // namespace libagent
