#include "libagent/cache/tenant_shares.hpp"

#include "libagent/base/random.hpp"

#include <catch2/catch.hpp>

#include <vector>

using namespace libagent;

namespace {

tenant_options with_quotas(std::map<std::string, tenant_quota, std::less<>> quotas) {
  return {.quotas = std::move(quotas)};
}

}  // namespace

TEST_CASE("who is alone is entitled to all, and to half of it at most in company", "[cache]") {
  tenant_shares shares{{}};
  const auto a = shares.add("a");
  const auto b = shares.add("b");
  CHECK(shares.entitlement(a, 1'000) == 1'000);
  shares.set_charged(a, 900);
  CHECK(shares.entitlement(a, 1'000) == 1'000);
  CHECK(shares.entitlement(b, 1'000) == 500);
  shares.set_charged(b, 1);
  CHECK(shares.entitlement(a, 1'000) == 500);
  CHECK(shares.holders() == 2);
  shares.set_charged(b, 0);
  CHECK(shares.entitlement(a, 1'000) == 1'000);
}

TEST_CASE("an explicit maximum holds in company and alone", "[cache]") {
  tenant_shares shares{with_quotas({{"a", {.bytes_max = 300}}, {"b", {.bytes_max = 800}}})};
  const auto a = shares.add("a");
  const auto b = shares.add("b");
  shares.set_charged(a, 1);
  CHECK(shares.cap(a, 1'000) == 300);
  CHECK(shares.entitlement(a, 1'000) == 300);
  CHECK(shares.cap(b, 1'000) == 800);
  CHECK(shares.cap(b, 500) == 500);
}

TEST_CASE("tenants are entitled to equal parts of what the minimums leave", "[cache]") {
  tenant_shares shares{with_quotas({{"a", {.bytes_min = 400}}})};
  const auto a = shares.add("a");
  const auto b = shares.add("b");
  const auto c = shares.add("c");
  for (const auto tenant : {a, b, c})
    shares.set_charged(tenant, 1);
  CHECK(shares.entitlement(b, 1'000) == 200);
  CHECK(shares.entitlement(c, 1'000) == 200);
  // 400 and a third of the rest would be 600, but half of all is the most.
  CHECK(shares.entitlement(a, 1'000) == 500);
}

TEST_CASE("minimums that pass the capacity together are cut in proportion", "[cache]") {
  tenant_shares shares{with_quotas({{"a", {.bytes_min = 3'000}}, {"b", {.bytes_min = 1'000}}})};
  const auto a = shares.add("a");
  const auto b = shares.add("b");
  shares.set_charged(a, 1);
  shares.set_charged(b, 1);
  CHECK(shares.entitlement(a, 1'000) == 750);
  CHECK(shares.entitlement(b, 1'000) == 250);
}

TEST_CASE("who is over its part the most gives, be it the newcomer itself", "[cache]") {
  tenant_shares shares{{}};
  const auto a = shares.add("a");
  const auto b = shares.add("b");
  shares.set_charged(a, 600);
  shares.set_charged(b, 400);
  CHECK(shares.most_over(1'000) == a);
  CHECK(shares.most_over(1'000, b, 100) == a);
  CHECK(shares.most_over(1'000, b, 300) == b);
  // Of three, each is entitled to 333; what comes in counts.
  const auto c = shares.add("c");
  CHECK(shares.most_over(1'000, c, 100) == a);
  CHECK(shares.most_over(1'000, c, 700) == c);
}

TEST_CASE("a tenant that left makes room for another", "[cache]") {
  tenant_shares shares{{.tenants_max = 1}};
  const auto a = shares.add("a");
  CHECK(shares.size() == 1);
  shares.remove(a);
  CHECK(shares.size() == 0);
  CHECK(shares.add("b") == a);
  CHECK(shares.charged(a) == 0);
}

TEST_CASE("entitlements never sum up to more than the capacity, so somebody over it gives",
          "[cache]") {
  const auto seed = GENERATE(range(0U, 30U));
  CAPTURE(seed);
  seeded_random random{seed};
  std::map<std::string, tenant_quota, std::less<>> quotas;
  for (int i = 0; i < 6; ++i) {
    quotas[std::to_string(i)] = {.bytes_min = random() % 3 == 0 ? random() % 400 : 0,
                                 .bytes_max = random() % 3 == 0 ? 400 + random() % 600 : 0};
  }
  tenant_shares shares{with_quotas(quotas)};
  std::vector<tenant_shares::id> tenants;
  for (const auto& [name, quota] : quotas)
    tenants.push_back(shares.add(name));
  for (int i = 0; i < 200; ++i) {
    shares.set_charged(tenants[random() % tenants.size()], random() % 500);
    const auto incoming = tenants[random() % tenants.size()];
    const auto bytes = 1 + random() % 200;
    std::uint64_t entitled = 0;
    std::uint64_t charged = bytes;
    for (const auto tenant : tenants) {
      charged += shares.charged(tenant);
      if (shares.charged(tenant) > 0)
        entitled += shares.entitlement(tenant, 1'000);
    }
    REQUIRE(entitled <= 1'000);
    if (charged <= 1'000)
      continue;
    const auto giver = shares.most_over(1'000, incoming, bytes);
    const auto wanted = shares.charged(giver) + (giver == incoming ? bytes : 0);
    // One that holds nothing shares only while it comes in, so its view is another.
    if (shares.charged(incoming) > 0)
      REQUIRE(wanted > shares.entitlement(giver, 1'000));
  }
}
