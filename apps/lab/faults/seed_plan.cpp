#include "apps/lab/faults/seed_plan.hpp"

#include "libagent/base/random.hpp"

#include <algorithm>
#include <array>

namespace libagent::lab {

namespace {

using ms = std::chrono::milliseconds;

/// Draws the plan, always in the same order.
class plan_drawing {
public:
  explicit plan_drawing(std::uint64_t seed) : random_{seed * 0x2545F4914F6CDD1DULL + 1} {
    plan_.seed = seed;
  }

  seed_plan draw();

private:
  std::uint64_t below(std::uint64_t end) { return random_() % end; }

  bool one_in(std::uint64_t n) { return below(n) == 0; }

  ms between(std::int64_t from, std::int64_t to) {
    return ms{from + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(to - from)))};
  }

  seed_round draw_round(bool damages);
  void draw_model();
  timed_fault draw_fault(ms length);
  std::string draw_crash_point();

  seeded_random random_;
  seed_plan plan_;
};

seed_plan plan_drawing::draw() {
  const bool damages = one_in(8);
  constexpr std::array<const char*, 8> syncs{"group", "group", "group",    "group",
                                             "group", "group", "interval", "none"};
  plan_.sync = syncs.at(below(syncs.size()));
  plan_.small_disk = one_in(8);
  plan_.has_poison = !damages && one_in(10);
  const auto rounds = 2 + below(3);
  for (std::uint64_t i = 0; i < rounds; ++i)
    plan_.rounds.push_back(draw_round(damages));
  draw_model();
  return plan_;
}

/// Last, so that the rest of a seed is what it is without it.
void plan_drawing::draw_model() {
  constexpr std::array<double, 4> shares{0.0, 0.2, 0.5, 0.8};
  plan_.model_fault_share = shares.at(below(shares.size()));
  if (plan_.model_fault_share > 0) {
    for (std::size_t i = 1; i < stub_fault_kinds; ++i) {
      if (one_in(3))
        plan_.model_faults.push_back(static_cast<stub_fault>(i));
    }
  }
  constexpr auto first = static_cast<std::uint64_t>(passing_fault::net_cut);
  for (auto& round : plan_.rounds) {
    if (!one_in(2))
      continue;
    round.model_faults.push_back({.what = static_cast<passing_fault>(first + below(5)),
                                  .at = between(0, round.length.count()),
                                  .length = between(10, 120)});
  }
}

seed_round plan_drawing::draw_round(bool damages) {
  seed_round round{.length = between(60, 260), .ops = 2 + below(7)};
  const auto faults = below(3);
  for (std::uint64_t i = 0; i < faults; ++i)
    round.faults.push_back(draw_fault(round.length));
  switch (below(8)) {
    case 0:
    case 1:
    case 2: round.ending = round_ending::killed; break;
    case 3:
    case 4:
    case 5:
      round.ending = round_ending::at_crash_point;
      round.crash_point = draw_crash_point();
      break;
    case 6: round.ending = round_ending::terminated; break;
    default: round.ending = round_ending::terminated_twice;
  }
  if (one_in(12))
    round.sync_fails_from = static_cast<std::uint32_t>(1 + below(40));
  const auto chance = below(10);
  const bool is_kill =
      round.ending == round_ending::killed || round.ending == round_ending::at_crash_point;
  if (damages) {
    round.afterwards = down_fault::bytes_changed;
  } else if (chance < 4 && plan_.sync == "group" && is_kill && !plan_.small_disk) {
    round.afterwards = down_fault::power_cut;
  } else if (chance == 9) {
    round.afterwards = down_fault::garbage_tail;
  }
  return round;
}

timed_fault plan_drawing::draw_fault(ms length) {
  timed_fault fault{.what = static_cast<passing_fault>(below(9)),
                    .at = between(0, length.count()),
                    .length = between(10, 120)};
  constexpr std::array<int, 6> jumps{60, -60, 24 * 60, -24 * 60, 1, -1};
  fault.jump = std::chrono::minutes{jumps.at(below(jumps.size()))};
  if (fault.what == passing_fault::sync_fails && !one_in(3))
    fault.what = passing_fault::disk_full;
  return fault;
}

std::string plan_drawing::draw_crash_point() {
  constexpr std::array<const char*, 8> kinds{"accepted", "accepted", "started", "started",
                                             "ended",    "ended",    "queued",  "group"};
  const std::string when = one_in(2) ? "before." : "after.";
  return when + kinds.at(below(kinds.size())) + ":" + std::to_string(1 + below(12));
}

}  // namespace

bool seed_plan::damages() const {
  return std::ranges::any_of(
      rounds, [](const auto& each) { return each.afterwards == down_fault::bytes_changed; });
}

seed_plan plan_of_seed(std::uint64_t seed) {
  return plan_drawing{seed}.draw();
}

std::string name_of(passing_fault what) {
  constexpr std::array names{"paused",    "disk full",   "fsync failing", "clock jump", "net cut",
                             "net stall", "net trickle", "net half open", "net one way"};
  return names.at(static_cast<std::size_t>(what));
}

std::string name_of(round_ending how) {
  constexpr std::array names{"kill -9", "crash point", "SIGTERM", "SIGTERM twice"};
  return names.at(static_cast<std::size_t>(how));
}

std::string name_of(down_fault what) {
  constexpr std::array names{"", "power cut", "torn tail", "bytes changed"};
  return names.at(static_cast<std::size_t>(what));
}

namespace {

std::string describe_round(const seed_round& round) {
  auto text = "  " + std::to_string(round.length.count()) + " ms";
  for (const auto& fault : round.faults) {
    text += ", " + name_of(fault.what) + " at " + std::to_string(fault.at.count()) + " for " +
            std::to_string(fault.length.count());
    if (fault.what == passing_fault::clock_jumps)
      text += " by " + std::to_string(fault.jump.count()) + " min";
  }
  for (const auto& fault : round.model_faults)
    text += ", to the model " + name_of(fault.what) + " at " + std::to_string(fault.at.count());
  if (round.sync_fails_from > 0)
    text += ", fsync fails from number " + std::to_string(round.sync_fails_from);
  text += "; " + name_of(round.ending);
  if (!round.crash_point.empty())
    text += " " + round.crash_point;
  if (round.afterwards != down_fault::none)
    text += "; " + name_of(round.afterwards);
  return text + "\n";
}

}  // namespace

std::string describe(const seed_plan& plan) {
  auto text = "seed " + std::to_string(plan.seed) + ": sync " + plan.sync +
              (plan.small_disk ? ", small disk" : "") + (plan.has_poison ? ", poison" : "");
  for (const auto fault : plan.model_faults)
    text.append(", model ").append(fault_name(fault));
  text += "\n";
  for (const auto& round : plan.rounds)
    text += describe_round(round);
  return text;
}

}  // namespace libagent::lab
