#include "libagent/adapters/document_library.hpp"

#include "libagent/adapters/document_database.hpp"
#include "libagent/adapters/sqlite_document_index.hpp"
#include "libagent/base/text.hpp"

#include <algorithm>
#include <sys/stat.h>
#include <system_error>
#include <utility>

namespace libagent {

namespace {

// A program asks few folders; past this many somebody is enumerating them.
constexpr std::size_t open_indexes_max = 64;

bool is_within(const std::filesystem::path& path, const std::filesystem::path& root) {
  return std::ranges::mismatch(root, path).in1 == root.end();
}

std::uint64_t inode_of(const std::filesystem::path& file) {
  struct stat status{};
  return stat(file.c_str(), &status) == 0 ? static_cast<std::uint64_t>(status.st_ino) : 0;
}

}  // namespace

document_library::document_library(std::filesystem::path root, std::filesystem::path data_dir)
    : root_{std::move(root)}, data_dir_{std::move(data_dir)} {}

expected<std::filesystem::path> document_library::resolve(const std::string& name) const {
  std::error_code failed;
  const auto root = std::filesystem::canonical(root_, failed);
  if (failed)
    return error{errc::not_found, "documents' folder " + root_.string() + ": " + failed.message()};
  if (name.empty())
    return root;
  auto found = std::filesystem::canonical(root / name, failed);
  // Outside is said before missing, so that nobody learns what exists there.
  const auto place = failed ? (root / name).lexically_normal() : found;
  if (!is_within(place, root)) {
    return error{
        errc::invalid_argument,
        quoted_excerpt(name, 200) + " lies outside of the documents' folder " + root.string()};
  }
  if (failed)
    return error{errc::not_found, quoted_excerpt(name, 200) + ": " + failed.message()};
  return found;
}

expected<std::shared_ptr<document_index>> document_library::index_of(
    const std::filesystem::path& folder) {
  const auto file = document_database_path(data_dir_, folder);
  const auto file_id = inode_of(file);
  const std::scoped_lock lock{mutex_};
  if (const auto known = open_.find(folder);
      known != open_.end() && known->second.file_id == file_id)
    return known->second.index;
  auto opened = open_sqlite_document_index(file, folder);
  if (!opened)
    return opened.error();
  if (open_.size() >= open_indexes_max)
    open_.clear();
  std::shared_ptr<document_index> shared{*std::move(opened)};
  open_.insert_or_assign(folder, opened_index{shared, file_id});
  return shared;
}

}  // namespace libagent
