#pragma once

#include "libagent/ports/cache_level.hpp"

#include <map>
#include <memory>
#include <string>
#include <utility>

namespace libagent::testing {

/// What is in a fake level; it outlives the level, as a file would.
struct fake_cache_storage {
  std::map<std::pair<std::string, std::string>, cache_level_entry> entries;
  std::optional<error> failure;  ///< Every call fails with it.
};

/// A second level of the cache in memory.
class fake_cache_level final : public cache_level {
public:
  explicit fake_cache_level(std::shared_ptr<fake_cache_storage> storage)
      : storage_{std::move(storage)} {}

  [[nodiscard]] expected<std::optional<cache_level_entry>> get(std::string_view tenant,
                                                               std::string_view key,
                                                               const clock_reading& now) override {
    if (storage_->failure)
      return *storage_->failure;
    const auto found = storage_->entries.find(name_of(tenant, key));
    const bool is_there = found != storage_->entries.end() &&
                          found->second.times.freshness(now.steady) != cache_freshness::gone;
    return is_there ? std::optional{found->second} : std::nullopt;
  }

  expected<cache_level_outcome> put(std::string_view tenant, std::string_view key,
                                    const cache_level_entry& entry, const clock_reading&) override {
    if (storage_->failure)
      return *storage_->failure;
    storage_->entries.insert_or_assign(name_of(tenant, key), entry);
    return cache_level_outcome::stored;
  }

  expected<bool> erase(std::string_view tenant, std::string_view key) override {
    return storage_->entries.erase(name_of(tenant, key)) > 0;
  }

  expected<void> clear() override {
    storage_->entries.clear();
    return {};
  }

  expected<bool> maintain(const clock_reading&) override { return false; }

  [[nodiscard]] cache_level_stats stats() const override {
    return {.entries = storage_->entries.size()};
  }

private:
  static std::pair<std::string, std::string> name_of(std::string_view tenant,
                                                     std::string_view key) {
    return {std::string{tenant}, std::string{key}};
  }

  std::shared_ptr<fake_cache_storage> storage_;
};

}  // namespace libagent::testing
