#include "libagent/adapters/agents_folder.hpp"

#include "libagent/base/contract.hpp"

#include <algorithm>
#include <fstream>
#include <optional>
#include <sys/stat.h>
#include <system_error>
#include <utility>

namespace libagent {

namespace {

namespace fs = std::filesystem;

/// Declarations in the folder, by name. Without a folder there are none.
expected<std::vector<std::string>> declaration_names(const fs::path& folder,
                                                     std::size_t files_max) {
  std::error_code failed;
  std::vector<std::string> names;
  for (fs::directory_iterator each{folder, failed}, end; !failed && each != end;
       each.increment(failed)) {
    auto name = each->path().filename().string();
    std::error_code gone;
    if (!name.ends_with(".json") || name.starts_with('.') || !each->is_regular_file(gone))
      continue;
    if (names.size() == files_max) {
      return error{errc::too_large, "read agents in " + folder.string() + ": more than " +
                                        std::to_string(files_max) + " files"};
    }
    names.push_back(std::move(name));
  }
  if (failed && failed != std::errc::no_such_file_or_directory)
    return error{errc::io_failed, "read agents in " + folder.string() + ": " + failed.message()};
  std::ranges::sort(names);
  return names;
}

/// Empty when it has vanished.
expected<std::optional<std::string>> declaration_text(const fs::path& file,
                                                      std::uint64_t bytes_max) {
  std::ifstream in{file, std::ios::binary};
  if (!in) {
    std::error_code failed;
    if (!fs::exists(file, failed) && !failed)
      return std::optional<std::string>{};
    return error{errc::io_failed, "read " + file.string() + ": it cannot be opened"};
  }
  // One byte more tells a file that is too large from one that just fits, whatever its size was.
  std::string text(static_cast<std::size_t>(bytes_max) + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad())
    return error{errc::io_failed, "read " + file.string() + ": reading failed"};
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > bytes_max) {
    return error{errc::too_large,
                 "read " + file.string() + ": over " + std::to_string(bytes_max) + " bytes"};
  }
  text.shrink_to_fit();
  return std::optional{std::move(text)};
}

/// A text that is another one when a file was changed, replaced, added or removed.
expected<std::string> folder_stamps(const fs::path& folder, std::size_t files_max) {
  const auto names = declaration_names(folder, files_max);
  if (!names)
    return names.error();
  std::string stamps = "looked at";
  for (const auto& name : *names) {
    struct stat seen{};
    if (::stat((folder / name).c_str(), &seen) != 0)
      continue;
    stamps += '\n' + name;
    for (const auto number :
         {static_cast<std::int64_t>(seen.st_size), static_cast<std::int64_t>(seen.st_ino),
          static_cast<std::int64_t>(seen.st_mtim.tv_sec),
          static_cast<std::int64_t>(seen.st_mtim.tv_nsec)})
      stamps += ' ' + std::to_string(number);
  }
  return stamps;
}

}  // namespace

expected<std::vector<agent_file>> read_agents_folder(const fs::path& folder,
                                                     const agents_folder_limits& limits) {
  const auto names = declaration_names(folder, limits.files_max);
  if (!names)
    return names.error();
  std::vector<agent_file> files;
  std::uint64_t bytes = 0;
  for (const auto& name : *names) {
    auto text = declaration_text(folder / name, limits.file_bytes_max);
    if (!text)
      return text.error();
    if (!*text)
      continue;
    bytes += (*text)->size();
    if (bytes > limits.bytes_max) {
      return error{errc::too_large, "read agents in " + folder.string() + ": over " +
                                        std::to_string(limits.bytes_max) + " bytes"};
    }
    files.push_back({.name = name, .text = **std::move(text)});
  }
  return files;
}

agents_folder_watch::agents_folder_watch(fs::path folder, std::chrono::milliseconds interval,
                                         std::vector<agent_file> known, listener on_change,
                                         agents_folder_limits limits)
    : folder_{std::move(folder)},
      interval_{interval},
      known_{std::move(known)},
      on_change_{std::move(on_change)},
      limits_{limits},
      thread_{[this](const std::stop_token& stop) { serve(stop); }} {
  LIBAGENT_EXPECTS(interval_.count() > 0);
}

void agents_folder_watch::look_now() {
  {
    const std::lock_guard guard{mutex_};
    is_wanted_ = true;
  }
  wanted_.notify_one();
}

void agents_folder_watch::serve(const std::stop_token& stop) {
  std::unique_lock lock{mutex_};
  while (!stop.stop_requested()) {
    wanted_.wait_for(lock, stop, interval_, [this] { return is_wanted_; });
    if (stop.stop_requested())
      return;
    is_wanted_ = false;
    lock.unlock();
    look();
    lock.lock();
  }
}

void agents_folder_watch::look() {
  // Stamps first: what changes while the files are read is seen at the next look.
  auto stamps = folder_stamps(folder_, limits_.files_max);
  if (stamps && *stamps == stamps_)
    return;
  auto files = stamps ? read_agents_folder(folder_, limits_)
                      : expected<std::vector<agent_file>>{stamps.error()};
  if (!files) {
    if (std::exchange(last_failure_, files.error().context) != files.error().context)
      on_change_(files.error());
    return;
  }
  stamps_ = *std::move(stamps);
  last_failure_.clear();
  if (*files == known_)
    return;
  known_ = *files;
  on_change_(*std::move(files));
}

}  // namespace libagent
