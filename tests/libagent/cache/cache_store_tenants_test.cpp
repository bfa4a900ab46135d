#include "libagent/cache/cache_store.hpp"
#include "libagent/cache/lru_policy.hpp"

#include "tests/support/virtual_time.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace libagent;
using libagent::testing::t0;
using namespace std::chrono_literals;

namespace {

constexpr auto even_entry_bytes = cache_store::entry_overhead_bytes + 10;

/// A store with room for `entries` entries of four bytes of key and six of value.
class shared_store : public cache_store {
public:
  explicit shared_store(std::uint64_t entries, tenant_options tenants = {})
      : cache_store{{.capacity_bytes = entries * even_entry_bytes, .tenants = std::move(tenants)},
                    [](const entry_index&) { return std::make_unique<lru_policy>(); }} {}

  put_outcome keep(std::string_view tenant, int key, std::size_t value_bytes = 6) {
    return put(tenant, std::to_string(1'000 + key),
               std::make_shared<const std::string>(value_bytes, 'v'), cache_times::until(t0, end),
               {}, t0);
  }

  void fill(std::string_view tenant, int entries) {
    for (int key = 0; key < entries; ++key)
      keep(tenant, key);
  }

  [[nodiscard]] std::uint64_t held(std::string_view tenant) const {
    return charged_bytes(tenant) / even_entry_bytes;
  }

  time_point end = time_point::max();
};

}  // namespace

TEST_CASE("a tenant never sees what another stored under the same key", "[cache]") {
  shared_store store{10};
  store.put("a", "key", std::make_shared<const std::string>("of a"), {t0}, {}, t0);
  store.put("b", "key", std::make_shared<const std::string>("of b"), {t0}, {}, t0);
  CHECK(*store.find("a", "key", t0).value == "of a");
  CHECK(*store.find("b", "key", t0).value == "of b");
  CHECK(store.find("", "key", t0).value == nullptr);
  CHECK(store.erase("a", "key"));
  CHECK(store.find("b", "key", t0).value != nullptr);
  CHECK(store.tenants() == 1);
}

TEST_CASE("a scan of one tenant takes no more than is over another's part", "[cache]") {
  shared_store store{100};
  store.fill("quiet", 40);
  store.fill("loud", 5'000);
  CHECK(store.held("quiet") == 40);
  CHECK(store.held("loud") == 60);
}

TEST_CASE("a tenant keeps what nobody else needs, however little others have", "[cache]") {
  shared_store store{1'000};
  store.fill("first", 1'000);
  store.fill("second", 1);
  CHECK(store.held("first") == 999);
  CHECK(store.keep("first", 5'000) == put_outcome::stored);
  CHECK(store.held("first") == 999);
  CHECK(store.counters().rejections() == 0);
}

TEST_CASE("a tenant that had it all gives way to a newcomer, down to its part", "[cache]") {
  shared_store store{100};
  store.fill("first", 200);
  CHECK(store.held("first") == 100);
  store.fill("second", 200);
  CHECK(store.held("first") == 50);
  CHECK(store.held("second") == 50);
  store.fill("third", 200);
  CHECK(store.held("third") >= 33);
  CHECK(store.held("first") >= 33);
  CHECK(store.held("second") >= 33);
}

TEST_CASE("the anonymous tenant is one like others", "[cache]") {
  shared_store store{100};
  store.fill("", 200);
  store.fill("named", 200);
  CHECK(store.held("") == 50);
}

TEST_CASE("a guaranteed minimum is kept however many others come", "[cache]") {
  shared_store store{100, {.quotas = {{"paid", {.bytes_min = 30 * even_entry_bytes}}}}};
  store.fill("paid", 30);
  for (int tenant = 0; tenant < 50; ++tenant)
    store.fill("free" + std::to_string(tenant), 20);
  CHECK(store.held("paid") == 30);
  CHECK(store.charged_bytes() <= store.capacity_bytes());
}

TEST_CASE("a tenant stays below its maximum though there is room", "[cache]") {
  shared_store store{100, {.quotas = {{"small", {.bytes_max = 5 * even_entry_bytes}}}}};
  store.fill("small", 50);
  CHECK(store.held("small") == 5);
  CHECK(store.keep("small", 99, 6 * even_entry_bytes) == put_outcome::tenant_quota);
  CHECK(store.counters().rejected_tenant_quota == 1);
}

TEST_CASE("a shrink takes from who is over its part the most", "[cache]") {
  shared_store store{100};
  store.fill("large", 80);
  store.fill("small", 20);
  store.set_capacity(40 * even_entry_bytes);
  while (store.evict_slice()) {
  }
  CHECK(store.held("large") == 20);
  CHECK(store.held("small") == 20);
}

TEST_CASE("a tenant too many is refused until one of them holds nothing", "[cache]") {
  shared_store store{100, {.tenants_max = 2}};
  store.keep("a", 1);
  store.keep("b", 1);
  CHECK(store.keep("c", 1) == put_outcome::tenant_quota);
  CHECK(store.find("c", "1001", t0).value == nullptr);
  store.erase("a", "1001");
  CHECK(store.keep("c", 1) == put_outcome::stored);
  CHECK(store.keep("a", 1) == put_outcome::tenant_quota);
}

TEST_CASE("a purge goes round all tenants, a slice at a time", "[cache]") {
  shared_store store{1'000};
  store.end = t0 + 1s;
  for (int tenant = 0; tenant < 10; ++tenant)
    store.fill("t" + std::to_string(tenant), 30);
  REQUIRE(store.entries() == 300);
  CHECK(store.purge_slice(t0 + 2s));
  CHECK(store.entries() == 300 - 128);
  CHECK(store.purge_slice(t0 + 2s));
  CHECK_FALSE(store.purge_slice(t0 + 2s));
  CHECK(store.entries() == 0);
  CHECK(store.tenants() == 0);
}

TEST_CASE("tenants and keys of nothing but zeros get hashes of their own", "[cache]") {
  entry_index index;
  for (int tenant = 0; tenant < 100; ++tenant) {
    for (int key = 0; key < 100; ++key) {
      const std::string name(static_cast<std::size_t>(tenant), '\0');
      const std::string chosen(static_cast<std::size_t>(key), '\0');
      const auto hash = hash_in_tenant({1, 2}, name, chosen);
      REQUIRE(index.find(hash) == no_slot);
      index.insert({hash});
    }
  }
}
