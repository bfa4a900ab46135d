#include "libagent/tasks/schedule_book.hpp"

#include "libagent/base/contract.hpp"
#include "libagent/base/text.hpp"

#include <algorithm>
#include <string>

namespace libagent {

namespace {

using std::chrono::milliseconds;

/// How late a time may be asked for.
constexpr unix_millis at_late_max = 60'000;
constexpr unix_millis at_max = 253'402'300'799'999;  // The end of the year 9999.
constexpr milliseconds after_max = std::chrono::hours{24 * 36'500};
constexpr std::size_t schedule_name_bytes_max = 128;

error bad_schedule(const std::string& why) {
  return {errc::invalid_argument, "add schedule: " + why};
}

std::size_t bytes_of(const std::string& name, const std::string& cron,
                     const task_request& request) {
  // What an entry takes beside its texts, with its places in the tables.
  constexpr std::size_t fixed = 768;
  return fixed + name.size() + cron.size() + request.target.size() + request.arguments.text.size() +
         request.client.size() + request.trace.size();
}

expected<void> check_scheduled_task(const task_request& request) {
  if (request.target.empty())
    return bad_schedule("request/target: it is empty");
  if (!request.key.empty())
    return bad_schedule("request/key: a schedule gives each run a key of its own");
  if (request.durable == false)
    return bad_schedule("request/durable: scheduled tasks are always durable");
  return {};
}

expected<void> check_schedule_time(const schedule_request& asked, unix_millis now) {
  const auto ways =
      int{asked.at.has_value()} + int{asked.after.has_value()} + int{!asked.cron.empty()};
  if (ways != 1) {
    return bad_schedule("exactly one of at, after and cron must be given, not " +
                        std::to_string(ways));
  }
  if (asked.at && (*asked.at < now - at_late_max || *asked.at > at_max)) {
    return bad_schedule("at: " + std::to_string(*asked.at) + " is " +
                        (*asked.at < now ? "in the past" : "past the year 9999") +
                        ", expected Unix time in milliseconds; now it is " + std::to_string(now));
  }
  if (asked.after && (*asked.after < milliseconds::zero() || *asked.after > after_max)) {
    return bad_schedule("after: " + std::to_string(asked.after->count()) + " ms, allowed is 0 to " +
                        std::to_string(after_max.count()));
  }
  return {};
}

}  // namespace

schedule_book::schedule_book(const schedule_limits& limits, random_source random)
    : limits_{limits}, random_{std::move(random)} {
  LIBAGENT_EXPECTS(random_ != nullptr);
  LIBAGENT_EXPECTS(limits_.due_max > 0);
}

expected<void> schedule_book::check(const schedule_request& asked, const instant& now) const {
  if (asked.name.size() > schedule_name_bytes_max) {
    return bad_schedule("name: it has " + std::to_string(asked.name.size()) +
                        " bytes, the limit is " + std::to_string(schedule_name_bytes_max));
  }
  if (auto timed = check_schedule_time(asked, now.unix_time); !timed)
    return timed;
  if (auto task = check_scheduled_task(asked.request); !task)
    return task;
  if (!asked.name.empty() && names_.contains(asked.name)) {
    return error{errc::already_exists,
                 "add schedule: name: there is one called " + quoted_excerpt(asked.name)};
  }
  return check_room(asked);
}

expected<void> schedule_book::check_room(const schedule_request& asked) const {
  if (entries_.size() >= limits_.count_max) {
    return error{errc::overloaded, "add schedule: there are " + std::to_string(entries_.size()) +
                                       ", the limit is " + std::to_string(limits_.count_max)};
  }
  const auto bytes = bytes_ + bytes_of(asked.name, asked.cron, asked.request);
  if (bytes > limits_.bytes_max.bytes) {
    return error{errc::overloaded, "add schedule: all would take " + std::to_string(bytes) +
                                       " bytes, the limit is " + to_string(limits_.bytes_max)};
  }
  return {};
}

expected<const schedule*> schedule_book::add(schedule_request asked, const instant& now) {
  if (auto checked = check(asked, now); !checked)
    return checked.error();
  entry added;
  if (!asked.cron.empty()) {
    auto cron = cron_expression::parse(asked.cron);
    if (!cron)
      return bad_schedule("cron: " + cron.error().context);
    const auto next = cron->next_after(now.unix_time);
    if (!next)
      return bad_schedule("cron: it does not come before the year 10000");
    added.cron = *cron;
    added.what.next_due = *next;
  } else if (asked.after) {
    added.what.next_due = now.unix_time + asked.after->count();
    added.steady_due = now.steady + *asked.after;
    added.is_delay = true;
  } else {
    added.what.next_due = *asked.at;
  }
  added.what.id = new_id(now.unix_time);
  added.what.name = std::move(asked.name);
  added.what.request = std::move(asked.request);
  added.what.cron = std::move(asked.cron);
  added.what.created_at = now.unix_time;
  return insert(std::move(added));
}

expected<void> schedule_book::restore(schedule stored, const instant& now) {
  if (stored.id.is_nil() || stored.request.target.empty())
    return error{errc::corrupt, "restore schedule: it has no id or no target"};
  if (entries_.contains(stored.id))
    return error{errc::already_exists, "restore schedule: " + to_string(stored.id) + " is here"};
  entry added;
  if (!stored.cron.empty()) {
    auto cron = cron_expression::parse(stored.cron);
    if (!cron) {
      return error{errc::corrupt,
                   "restore schedule " + to_string(stored.id) + ": " + cron.error().context};
    }
    added.cron = *cron;
  }
  added.what = std::move(stored);
  recount(added, now.unix_time);
  insert(std::move(added));
  return {};
}

task_id schedule_book::new_id(unix_millis now) {
  for (;;) {
    const auto high = random_();
    const auto id = make_task_id(now, high, random_());
    if (!entries_.contains(id))
      return id;
  }
}

const schedule* schedule_book::insert(entry added) {
  const auto id = added.what.id;
  auto& kept = entries_.emplace(id, std::move(added)).first->second;
  bytes_ += bytes_of(kept.what.name, kept.what.cron, kept.what.request);
  if (!kept.what.name.empty())
    names_.emplace(kept.what.name, id);
  enqueue(kept);
  return &kept.what;
}

bool schedule_book::remove(const task_id& id) {
  const auto found = entries_.find(id);
  if (found == entries_.end())
    return false;
  const auto& what = found->second.what;
  dequeue(found->second);
  bytes_ -= bytes_of(what.name, what.cron, what.request);
  if (const auto named = names_.find(what.name); named != names_.end() && named->second == id)
    names_.erase(named);
  entries_.erase(found);
  return true;
}

void schedule_book::enqueue(const entry& waiting) {
  if (waiting.steady_due) {
    by_steady_.emplace(*waiting.steady_due, waiting.what.id);
  } else {
    by_wall_.emplace(waiting.what.next_due, waiting.what.id);
  }
}

void schedule_book::dequeue(const entry& waiting) {
  if (waiting.steady_due) {
    by_steady_.erase({*waiting.steady_due, waiting.what.id});
  } else {
    by_wall_.erase({waiting.what.next_due, waiting.what.id});
  }
}

const schedule* schedule_book::find(const task_id& id) const {
  const auto found = entries_.find(id);
  return found == entries_.end() ? nullptr : &found->second.what;
}

const schedule* schedule_book::find_named(std::string_view name) const {
  const auto found = names_.find(name);
  return found == names_.end() ? nullptr : find(found->second);
}

std::vector<const schedule*> schedule_book::list() const {
  std::vector<const schedule*> all;
  all.reserve(entries_.size());
  for (const auto& [id, each] : entries_) {
    all.push_back(&each.what);
  }
  std::ranges::sort(all, {}, [](const schedule* each) { return each->id; });
  return all;
}

void schedule_book::note_task(const task_id& id, const task_id& task) {
  if (const auto found = entries_.find(id); found != entries_.end())
    found->second.what.last_task = task;
}

}  // namespace libagent
