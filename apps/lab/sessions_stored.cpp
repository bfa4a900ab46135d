#include "apps/lab/sessions_stored.hpp"

#include "apps/lab/io_memory.hpp"
#include "apps/lab/journal_bare.hpp"
#include "apps/lab/overhead_process.hpp"
#include "apps/lab/sessions_filling.hpp"
#include "libagent/adapters/sqlite_session_store.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace libagent::lab {

namespace {

constexpr std::size_t appended_bytes = 260;
constexpr double mib = 1 << 20;

class stored_sessions {
public:
  stored_sessions(report& into, const lab_options& options, lab_folder& folder)
      : result_{into}, options_{options}, folder_{folder}, file_{folder.next()} {}

  void run();

private:
  void fill();
  void open();
  void load();
  void list();
  void compare_appends(std::size_t group);
  double append_rate(std::size_t group);
  double bare_append_rate(std::size_t group);
  void prune();
  void add_times(const std::string& what, std::vector<double> us);

  [[nodiscard]] std::uint64_t sessions() const { return options_.quick ? 5'000 : 100'000; }

  [[nodiscard]] std::chrono::duration<double> round_length() const {
    return std::chrono::duration<double>{options_.quick ? 0.1 : 1.0};
  }

  report& result_;
  const lab_options& options_;
  lab_folder& folder_;
  const std::filesystem::path file_;
  session_store_ptr kept_;
  seeded_random random_{options_.seed};
  unix_millis now_ = lab_sessions_begin + 1'000'000'000;
  std::uint64_t resident_before_ = 0;
};

void stored_sessions::fill() {
  announce(fmt::format("filling a store with {} sessions", sessions()));
  kept_ = value_or_trouble(open_sqlite_session_store({.file = file_})).store;
  const auto seconds =
      seconds_of([&] { fill_sessions(*kept_, {.sessions = sessions(), .seed = options_.seed}); });
  const auto stats = kept_->stats();
  std::uint64_t texts = 0;
  for (const auto& head : value_or_trouble(kept_->list({.limit = sessions()})))
    texts += head.bytes;
  kept_.reset();
  const auto bytes = static_cast<double>(std::filesystem::file_size(file_));
  result_.add_row("a store that grew turn by turn",
                  {{"sessions", stats.sessions},
                   {"events", stats.events},
                   {"texts MiB", fmt::format("{:.1f}", static_cast<double>(texts) / mib)},
                   {"file MiB", fmt::format("{:.1f}", bytes / mib)},
                   {"ratio", fmt::format("{:.2f}", bytes / static_cast<double>(texts))},
                   {"appends/s while filled",
                    fmt::format("{:.0f}", static_cast<double>(stats.writes) / seconds)}});
}

void stored_sessions::open() {
  announce("opening it");
  resident_before_ = begin_peak_measurement();
  const auto seconds = seconds_of(
      [&] { kept_ = value_or_trouble(open_sqlite_session_store({.file = file_})).store; });
  if (kept_->stats().sessions != sessions())
    throw store_trouble{{errc::internal, "open: not the sessions that were stored"}};
  result_.add_row("memory of this process",
                  {{"when", "the store opened"},
                   {"took s", fmt::format("{:.2f}", seconds)},
                   {"RSS MiB", fmt::format("{:.1f}", static_cast<double>(resident_bytes(0)) / mib)},
                   {"more than before MiB",
                    fmt::format("{:.1f}", static_cast<double>(resident_bytes(0)) / mib -
                                              static_cast<double>(resident_before_) / mib)}});
}

void stored_sessions::add_times(const std::string& what, std::vector<double> us) {
  const auto count = us.size();
  const auto seen = quantiles_of(std::move(us));
  result_.add_row("how soon it answers", {{"what", what},
                                          {"times", count},
                                          {"p50 us", fmt::format("{:.0f}", seen.p50)},
                                          {"p99 us", fmt::format("{:.0f}", seen.p99)},
                                          {"max us", fmt::format("{:.0f}", seen.max)}});
}

void stored_sessions::load() {
  announce("loading at random");
  std::vector<double> us;
  const auto seconds = seconds_of([&] {
    for (int i = 0; i < 10'000; ++i) {
      const auto name = lab_session(random_() % sessions());
      us.push_back(1e6 * seconds_of([&] {
                     if (value_or_trouble(kept_->load(name)).value().events.size() != 20) {
                       throw store_trouble{
                           {errc::internal, "load: not the events that were stored"}};
                     }
                   }));
    }
  });
  result_.add_aim("p99 of loading one session of 20 events", aim_is::at_most, 5,
                  quantiles_of(us).p99 / 1e3, "ms");
  add_times("load one of 20 events, drawn at random", std::move(us));
  const auto resident = static_cast<double>(resident_bytes(0)) / mib;
  result_.add_row(
      "memory of this process",
      {{"when", "10,000 were loaded"},
       {"took s", fmt::format("{:.2f}", seconds)},
       {"RSS MiB", fmt::format("{:.1f}", resident)},
       {"more than before MiB",
        fmt::format("{:.1f}", resident - static_cast<double>(resident_before_) / mib)}});
  result_.add_aim("RSS of a process with so many stored sessions", aim_is::at_most, 64,
                  static_cast<double>(peak_bytes_of("self")) / mib, "MiB");
}

void stored_sessions::list() {
  announce("listing");
  const auto times_of = [this](const session_query& query) {
    std::vector<double> us(50);
    for (auto& each : us)
      each = 1e6 * seconds_of([&] { (void)value_or_trouble(kept_->list(query)); });
    return us;
  };
  add_times("list the latest 100", times_of({}));
  add_times("list the 100 of one client", times_of({.client = lab_session(0).client}));
  add_times("list those with an open turn: none", times_of({.open_only = true}));
}

/// Each member of a group appends to another session.
double stored_sessions::append_rate(std::size_t group) {
  const std::string text(appended_bytes, 'x');
  std::vector<std::uint64_t> stored(sessions(), 20);
  for (const auto& head : value_or_trouble(kept_->list({.limit = sessions()})))
    stored[std::stoul(head.name.id.substr(8))] = head.events;
  std::vector<session_write> writes(group);
  return rate_of(round_length(), group, [&] {
    const auto first = random_();
    for (std::size_t i = 0; i < group; ++i) {
      // Steps of a prime number: the sessions of a group differ.
      const auto number = (first % sessions() + i * 7'919) % sessions();
      writes[i] = append_events{.name = lab_session(number),
                                .agent = "documents",
                                .first = stored[number]++,
                                .events = {text},
                                .at = now_++,
                                .approvals = {}};
    }
    done_or_trouble(kept_->commit(writes));
  });
}

double stored_sessions::bare_append_rate(std::size_t group) {
  auto loop = value_or_trouble(bare_insert_loop::open(folder_.next(), journal_sync::group));
  const std::string text(appended_bytes, 'x');
  return rate_of(round_length(), group, [&] { done_or_trouble(loop.insert(text, group)); });
}

void stored_sessions::compare_appends(std::size_t group) {
  announce(fmt::format("{} appends in flight", group));
  std::vector<double> store;
  std::vector<double> bare;
  // In turns: what else the machine does meets both.
  for (int round = 0; round < (options_.quick ? 1 : 5); ++round) {
    store.push_back(append_rate(group));
    bare.push_back(bare_append_rate(group));
  }
  result_.add_row("appends to sessions drawn at random beside a bare insert loop",
                  {{"in flight", group},
                   {"appends/s", fmt::format("{:.0f}", middle_of(store))},
                   {"commits/s", fmt::format("{:.0f}", middle_of(store) / double(group))},
                   {"us/append", fmt::format("{:.1f}", 1e6 / middle_of(store))},
                   {"bare inserts/s", fmt::format("{:.0f}", middle_of(bare))},
                   {"of bare", fmt::format("{:.2f}", middle_of(store) / middle_of(bare))}});
}

void stored_sessions::prune() {
  announce("removing the oldest tenth");
  // Those that were appended to last are the youngest.
  const auto until = value_or_trouble(kept_->list({.limit = sessions()}));
  const auto when = until[until.size() - until.size() / 10].changed_at;
  std::vector<double> us;
  for (std::size_t removed = 1; removed > 0;) {
    us.push_back(1e6 * seconds_of([&] { removed = value_or_trouble(kept_->prune(when)); }));
  }
  add_times("remove some old ones, synced", std::move(us));
}

void stored_sessions::run() {
  fill();
  open();
  load();
  list();
  for (const auto group : {std::size_t{1}, std::size_t{16}, std::size_t{256}})
    compare_appends(group);
  prune();
  result_.add_note(
      "An append finds the head of its session, writes events of 260 bytes and the head, and moves "
      "one entry of an index, each with a sum, on pages all over a file; the bare loop appends a "
      "body and a number to an empty one. The file is in the system's cache.");
}

}  // namespace

void measure_stored_sessions(report& into, const lab_options& options, lab_folder& folder) {
  stored_sessions{into, options, folder}.run();
}

}  // namespace libagent::lab
