#include "apps/lab/faults/power_cut.hpp"

#include "apps/lab/faults/shim/undo_record.hpp"
#include "libagent/adapters/owned_descriptor.hpp"
#include "libagent/base/random.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <map>
#include <ranges>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

namespace libagent::lab {

namespace {

/// Device and number of a file, which stay when it is renamed.
using file_key = std::pair<std::uint64_t, std::uint64_t>;

/// One record of the log; the texts point into it.
struct logged_change {
  undo_record record;
  std::string_view old_bytes;
  std::string_view new_bytes;

  [[nodiscard]] file_key file() const { return {record.device, record.inode}; }
};

using open_files_by_key = std::map<file_key, owned_descriptor>;

error cut_error(const std::string& tried) {
  return {errc::io_failed,
          "cut the power: " + tried + ": " + std::generic_category().message(errno)};
}

/// All whole records. The last one may be cut off.
expected<std::vector<logged_change>> changes_in(std::string_view log) {
  std::vector<logged_change> changes;
  while (log.size() >= sizeof(undo_record)) {
    logged_change change;
    std::memcpy(&change.record, log.data(), sizeof change.record);
    log.remove_prefix(sizeof change.record);
    const auto& record = change.record;
    if (record.mark != undo_record::right_mark)
      return error{errc::corrupt, "cut the power: the undo log is damaged"};
    if (record.old_bytes > log.size() || record.new_bytes > log.size() - record.old_bytes)
      break;
    change.old_bytes = log.substr(0, record.old_bytes);
    change.new_bytes = log.substr(record.old_bytes, record.new_bytes);
    log.remove_prefix(record.old_bytes + record.new_bytes);
    changes.push_back(change);
  }
  return changes;
}

/// Those that no later sync of their file covers, in their order.
std::vector<logged_change> unsynced_of(const std::vector<logged_change>& all) {
  std::map<file_key, std::size_t> settled;  // position behind the last sync or removal
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto what = all[i].record.what;
    if (what == undo_record::kind::sync || what == undo_record::kind::remove)
      settled[all[i].file()] = i + 1;
  }
  std::vector<logged_change> open;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto found = settled.find(all[i].file());
    if (found == settled.end() || found->second <= i)
      open.push_back(all[i]);
  }
  return open;
}

/// Opens the files that are still there, of those that `changes` speak of.
expected<open_files_by_key> files_of(const std::filesystem::path& folder,
                                     const std::vector<logged_change>& changes) {
  open_files_by_key found;
  std::error_code failed;
  for (std::filesystem::recursive_directory_iterator entry{folder, failed}, end;
       !failed && entry != end; entry.increment(failed)) {
    struct stat about{};
    if (::lstat(entry->path().c_str(), &about) != 0 || !S_ISREG(about.st_mode))
      continue;
    const file_key key{about.st_dev, about.st_ino};
    if (std::ranges::find(changes, key, &logged_change::file) == changes.end())
      continue;
    owned_descriptor opened{::open(entry->path().c_str(), O_RDWR | O_CLOEXEC)};
    if (!opened.is_open())
      return cut_error("open " + entry->path().string());
    found.insert_or_assign(key, std::move(opened));
  }
  if (failed) {
    return error{errc::io_failed,
                 "cut the power: look into " + folder.string() + ": " + failed.message()};
  }
  return found;
}

bool put_bytes(int file, std::uint64_t offset, std::string_view bytes) {
  return ::pwrite(file, bytes.data(), bytes.size(), static_cast<off_t>(offset)) ==
         static_cast<ssize_t>(bytes.size());
}

bool set_size(int file, std::uint64_t size) {
  return ::ftruncate(file, static_cast<off_t>(size)) == 0;
}

bool undo_change(int file, const logged_change& change) {
  return set_size(file, change.record.size_before) &&
         put_bytes(file, change.record.offset, change.old_bytes);
}

bool redo_change(int file, const logged_change& change, std::size_t bytes_max) {
  if (change.record.what == undo_record::kind::resize)
    return set_size(file, change.record.offset);
  return put_bytes(file, change.record.offset, change.new_bytes.substr(0, bytes_max));
}

/// How much of a write reaches the disk when it is torn: up to a sector's end, not all of it.
std::size_t torn_bytes(const undo_record& record, seeded_random& random) {
  constexpr std::uint64_t sector = 512;
  const auto first_end = sector - record.offset % sector;
  if (record.new_bytes <= first_end)
    return 0;
  const auto ends = (record.new_bytes - first_end + sector - 1) / sector;
  return static_cast<std::size_t>(first_end + random() % ends * sector);
}

expected<void> undo_all(const std::vector<logged_change>& changes, const open_files_by_key& files) {
  for (const auto& change : changes | std::views::reverse) {
    const auto file = files.find(change.file());
    if (file != files.end() && !undo_change(file->second.get(), change))
      return cut_error("take a change back");
  }
  return {};
}

/// Lets some of the changes reach the disk.
expected<power_cut_outcome> redo_some(const std::vector<logged_change>& changes,
                                      const open_files_by_key& files, std::uint64_t seed) {
  seeded_random random{seed};
  power_cut_outcome outcome{.unsynced = changes.size()};
  for (std::size_t i = 0; i < changes.size(); ++i) {
    const auto file = files.find(changes[i].file());
    const bool is_last = i + 1 == changes.size();
    const auto torn = is_last ? torn_bytes(changes[i].record, random) : 0;
    if (file == files.end() || (torn == 0 && (is_last || random() % 2 == 0))) {
      ++outcome.lost;
      continue;
    }
    if (!redo_change(file->second.get(), changes[i], torn > 0 ? torn : std::string_view::npos))
      return cut_error("keep a change");
    outcome.torn += torn > 0 ? 1 : 0;
  }
  return outcome;
}

}  // namespace

expected<power_cut_outcome> apply_power_cut(const power_cut& cut) {
  std::ifstream in{cut.undo_log, std::ios::binary};
  const std::string log{std::istreambuf_iterator<char>{in}, {}};
  const auto all = changes_in(log);
  if (!all)
    return all.error();
  const auto open = unsynced_of(*all);
  const auto files = files_of(cut.folder, open);
  if (!files)
    return files.error();
  if (auto undone = undo_all(open, *files); !undone)
    return undone.error();
  std::error_code ignored;
  std::filesystem::remove(cut.undo_log, ignored);
  if (!cut.seed)
    return power_cut_outcome{.unsynced = open.size(), .lost = open.size()};
  return redo_some(open, *files, *cut.seed);
}

}  // namespace libagent::lab
