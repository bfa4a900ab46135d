#include "libagent/adapters/folder_walk.hpp"

#include "libagent/knowledge/file_selection.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace libagent {

namespace {

struct directory_closer {
  void operator()(DIR* directory) const { closedir(directory); }
};

using directory_handle = std::unique_ptr<DIR, directory_closer>;

class file_descriptor {
public:
  explicit file_descriptor(int value) : value_{value} {}

  file_descriptor(const file_descriptor&) = delete;
  file_descriptor& operator=(const file_descriptor&) = delete;
  file_descriptor(file_descriptor&&) = delete;
  file_descriptor& operator=(file_descriptor&&) = delete;

  ~file_descriptor() {
    if (value_ >= 0)
      ::close(value_);
  }

  [[nodiscard]] int get() const { return value_; }

private:
  int value_;
};

std::string reason_of_errno() {
  return std::strerror(errno);  // NOLINT(concurrency-mt-unsafe): glibc's is safe
}

class folder_walker {
public:
  folder_walker(std::filesystem::path folder, std::size_t files_max, std::stop_token stop)
      : folder_{std::move(folder)}, files_max_{files_max}, stop_{std::move(stop)} {}

  expected<folder_listing> run() {
    // Directories wait in a list instead of on the stack: a deep tree is no deep recursion.
    waiting_.emplace_back();
    while (!waiting_.empty()) {
      if (stop_.stop_requested())
        return error{errc::cancelled, "list " + folder_.string() + ": cancelled"};
      const auto relative = std::move(waiting_.back());
      waiting_.pop_back();
      if (auto done = read_directory(relative); !done)
        return done.error();
    }
    std::ranges::sort(listing_.files, {}, &found_file::file);
    return std::move(listing_);
  }

private:
  expected<void> read_directory(const std::string& relative) {
    const directory_handle directory{opendir((folder_ / relative).c_str())};
    if (!directory) {
      const auto reason = reason_of_errno();
      if (relative.empty())
        return error{errc::not_found, "list " + folder_.string() + ": " + reason};
      listing_.unreadable.push_back(relative + ": " + reason);
      return {};
    }
    const auto prefix = relative.empty() ? std::string{} : relative + '/';
    while (const auto* entry = readdir(directory.get())) {
      add_entry(dirfd(directory.get()), prefix, *entry);
      if (listing_.files.size() > files_max_) {
        return error{errc::too_large, "list " + folder_.string() + ": more than " +
                                          std::to_string(files_max_) + " files"};
      }
    }
    return {};
  }

  void add_entry(int directory, const std::string& prefix, const dirent& entry) {
    const std::string_view name{entry.d_name};
    if (entry.d_type == DT_DIR) {
      add_directory(prefix, name);
      return;
    }
    if (entry.d_type != DT_REG && entry.d_type != DT_UNKNOWN)
      return;
    const auto kind = kind_of_file_name(name);
    if (entry.d_type == DT_REG && !kind)
      return;
    struct stat status{};
    if (fstatat(directory, entry.d_name, &status, AT_SYMLINK_NOFOLLOW) != 0)
      return;  // gone since it was listed
    if (S_ISDIR(status.st_mode)) {
      add_directory(prefix, name);
    } else if (S_ISREG(status.st_mode) && kind) {
      listing_.files.push_back({prefix + entry.d_name, static_cast<std::uint64_t>(status.st_size),
                                status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec,
                                *kind});
    }
  }

  void add_directory(const std::string& prefix, std::string_view name) {
    if (is_indexed_directory(name))
      waiting_.push_back(prefix + std::string{name});
  }

  std::filesystem::path folder_;
  std::size_t files_max_;
  std::stop_token stop_;
  std::vector<std::string> waiting_;
  folder_listing listing_;
};

/// Reads up to `wanted` more bytes; less only at the end of the file.
bool read_more(int from, std::size_t wanted, std::string& into) {
  const auto before = into.size();
  into.resize(before + wanted);
  auto end = before;
  while (end < into.size()) {
    const auto got = ::read(from, into.data() + end, into.size() - end);
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return false;
    if (got == 0)
      break;
    end += static_cast<std::size_t>(got);
  }
  into.resize(end);
  return true;
}

}  // namespace

expected<folder_listing> list_folder(const std::filesystem::path& folder, std::size_t files_max,
                                     std::stop_token stop) {
  return folder_walker{folder, files_max, std::move(stop)}.run();
}

expected<file_content> read_listed_file(const std::filesystem::path& file,
                                        std::uint64_t bytes_max) {
  const auto failed = [&file] {
    return error{errc::io_failed, "read " + file.string() + ": " + reason_of_errno()};
  };
  // O_NONBLOCK: a pipe that took the file's place must not make us wait for its writer.
  const file_descriptor opened{
      ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)};
  struct stat status{};
  if (opened.get() < 0 || fstat(opened.get(), &status) != 0)
    return failed();
  if (!S_ISREG(status.st_mode))
    return error{errc::io_failed, "read " + file.string() + ": not a regular file"};
  const auto size = static_cast<std::uint64_t>(status.st_size);
  const error too_large{errc::too_large, "read " + file.string() + ": larger than " +
                                             std::to_string(bytes_max) + " bytes"};
  if (size > bytes_max)
    return too_large;
  file_content content;
  if (!read_more(opened.get(), binary_probe_bytes, content.bytes))
    return failed();
  if (looks_binary(content.bytes))
    return file_content{};
  if (content.bytes.size() == binary_probe_bytes) {
    // One byte more than the room shows a file that has grown.
    const auto room = std::max<std::uint64_t>(size, binary_probe_bytes) - binary_probe_bytes;
    if (!read_more(opened.get(), static_cast<std::size_t>(room) + 1, content.bytes))
      return failed();
    if (content.bytes.size() > bytes_max)
      return too_large;
  }
  content.is_text = true;
  return content;
}

}  // namespace libagent
