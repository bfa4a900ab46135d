#include "libagent/adapters/work_folders.hpp"

#include "libagent/adapters/process_family.hpp"

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <random>
#include <string>
#include <string_view>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace libagent {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view root_prefix = "libagent-work-";
constexpr const char* lock_name = ".lock";
// The upper bits of a tag are the pool's, the lower ones count. The topmost stays zero, since all
// ones mean no limit.
constexpr unsigned counted_bits = 24;
constexpr std::uint64_t pool_mask = ~((std::uint64_t{1} << counted_bits) - 1);
constexpr std::chrono::milliseconds sweep_patience{500};

error folder_error(const std::string& what, const fs::path& path) {
  return {errc::io_failed,
          what + " " + path.string() + ": " + std::generic_category().message(errno)};
}

bool may_set_tags() {
  rlimit own{};
  return ::getrlimit(RLIMIT_LOCKS, &own) == 0 && own.rlim_max == RLIM_INFINITY;
}

std::uint64_t draw_tags() {
  std::random_device device;
  const auto drawn = (std::uint64_t{device()} << 32U) | device();
  return (drawn & pool_mask) >> 1U & pool_mask;
}

bool is_own_folder(const fs::path& path) {
  struct stat about{};
  return ::lstat(path.c_str(), &about) == 0 && S_ISDIR(about.st_mode) &&
         about.st_uid == ::geteuid();
}

/// Opens a lock file and takes the lock, unless somebody has it.
owned_descriptor take_lock(const fs::path& name, int flags) {
  owned_descriptor file{::open(name.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | flags, 0600)};
  if (file.is_open() && ::flock(file.get(), LOCK_EX | LOCK_NB) != 0)
    file.reset();
  return file;
}

/// Makes the lock of a new folder, with the tags in it. It gets its name once it is locked, so that
/// no sweep takes it first. Closed when that failed.
owned_descriptor make_lock(const fs::path& folder, std::uint64_t tags) {
  const auto nameless = folder / ".new-lock";
  auto lock = take_lock(nameless, O_CREAT | O_EXCL);
  if (!lock.is_open() || ::pwrite(lock.get(), &tags, sizeof tags, 0) != sizeof tags ||
      ::rename(nameless.c_str(), (folder / lock_name).c_str()) != 0)
    lock.reset();
  return lock;
}

/// What the owner of a folder noted in its lock.
std::uint64_t tags_noted_in(const owned_descriptor& lock) {
  std::uint64_t tags = 0;
  return ::pread(lock.get(), &tags, sizeof tags, 0) == sizeof tags ? tags & pool_mask : 0;
}

void sweep_folder(const fs::path& folder) {
  if (!is_own_folder(folder))
    return;
  const auto lock = take_lock(folder / lock_name, 0);
  if (!lock.is_open())
    return;  // its owner lives, or has not locked it yet
  if (const auto tags = tags_noted_in(lock); tags != 0)
    process_family{tags, pool_mask}.kill_all(sweep_patience);
  work_folder{folder}.remove();
}

void sweep_folders(const fs::path& base) {
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator{base, failed}) {
    if (entry.path().filename().string().starts_with(root_prefix))
      sweep_folder(entry.path());
  }
}

/// Lets its owner delete what a tool made undeletable: removing needs all rights on a folder.
void open_up(const fs::path& folder) {
  std::error_code ignored;
  fs::permissions(folder, fs::perms::owner_all, ignored);
  for (const auto& entry : fs::directory_iterator{folder, ignored}) {
    if (entry.symlink_status(ignored).type() == fs::file_type::directory)
      open_up(entry.path());
  }
}

}  // namespace

void work_folder::remove() {
  if (path_.empty())
    return;
  std::error_code failed;
  fs::remove_all(path_, failed);
  if (failed) {
    open_up(path_);
    fs::remove_all(path_, failed);
  }
  path_.clear();
}

work_folders::work_folders(work_folder root, owned_descriptor lock, std::uint64_t tags)
    : root_{std::move(root)}, lock_{std::move(lock)}, tags_{tags} {}

expected<std::unique_ptr<work_folders>> work_folders::open(fs::path base) {
  std::error_code failed;
  if (base.empty())
    base = fs::temp_directory_path(failed);
  base = fs::absolute(base, failed);
  sweep_folders(base);
  auto pattern = (base / (std::string{root_prefix} + "XXXXXX")).string();
  if (::mkdtemp(pattern.data()) == nullptr)
    return folder_error("make a working folder in", base);
  work_folder root{pattern};
  const auto tags = may_set_tags() ? draw_tags() : 0;
  auto lock = make_lock(root.path(), tags);
  if (!lock.is_open())
    return folder_error("lock the working folder", root.path());
  return std::unique_ptr<work_folders>{new work_folders{std::move(root), std::move(lock), tags}};
}

expected<work_folder> work_folders::make() {
  auto pattern = (root_.path() / "XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr)
    return folder_error("make a working folder in", root_.path());
  return work_folder{pattern};
}

std::uint64_t work_folders::next_tag() {
  return tags_ == 0 ? 0 : tags_ | (next_.fetch_add(1) & ~pool_mask);
}

}  // namespace libagent
