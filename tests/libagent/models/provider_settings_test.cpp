#include "libagent/models/provider_settings.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace libagent;

namespace {

std::string one_provider(const std::string& more) {
  return R"({"providers":[{"name":"local","url":"http://127.0.0.1:8080/v1")" + more + "}]}";
}

std::string refusal_of(const std::string& text) {
  const auto config = read_models_file(text);
  REQUIRE_FALSE(config);
  CHECK(config.error().code == errc::invalid_argument);
  return config.error().context;
}

}  // namespace

TEST_CASE("a provider needs no more than a name and an address", "[models]") {
  const auto config = read_models_file(one_provider(""));
  REQUIRE(config);
  REQUIRE(config->providers.size() == 1);
  const auto& local = config->providers[0];
  CHECK(local.kind == provider_kind::openai);
  CHECK(local.calls_max == 0);
  CHECK(local.queue_max == 1'000);
  CHECK(local.retry.attempts_max == 3);
  CHECK(local.timeouts.connect == std::chrono::seconds{5});
  CHECK(local.breaker.failures_in_a_row == 5);
}

TEST_CASE("all of a provider's settings are read", "[models]") {
  const auto config = read_models_file(R"({"$schema":"schemas/models.schema.json","providers":[{
    "name":"cloud","kind":"vllm","url":"https://models.example/v1","api_key_env":"CLOUD_KEY",
    "headers":{"x-team":"search"},"calls_max":8,"queue_max":50,"queue_age_max_ms":2000,
    "models":[{"name":"big","aliases":["best"],"context_tokens":32768,"reply_tokens_max":100,
               "price":{"input":2.5,"cached":1.25,"output":10}}],
    "timeouts":{"connect_ms":100,"first_byte_ms":200,"between_chunks_ms":300,"total_ms":400},
    "retry":{"attempts_max":5,"base_ms":10,"cap_ms":20},
    "breaker":{"failures_in_a_row":2,"window":10,"pause_ms":5,"pause_max_ms":50}}]})");
  REQUIRE(config);
  const auto& cloud = config->providers[0];
  CHECK(cloud.kind == provider_kind::vllm);
  CHECK(cloud.headers.at("x-team") == "search");
  CHECK(cloud.models[0].aliases == std::vector<std::string>{"best"});
  CHECK(cloud.models[0].price == model_price{.input = 2.5, .output = 10, .cached = 1.25});
  CHECK(cloud.timeouts.total.count() == 400);
  CHECK(cloud.retry.cap.count() == 20);
  CHECK(cloud.breaker.pause.count() == 5);
}

TEST_CASE("a key in the file is refused without being repeated", "[models]") {
  const auto secret = GENERATE(R"("api_key":"sk-verysecret")", R"("api_key_env":"sk-verysecret")",
                               R"("api_key_file":"sk-verysecret")",
                               R"("headers":{"Authorization":"Bearer sk-verysecret"})",
                               R"("headers":{"X-Api-Key":"sk-verysecret"})");
  const auto why = refusal_of(one_provider("," + std::string{secret}));
  CHECK_THAT(why, Catch::Contains("local"));
  CHECK_THAT(why, Catch::Contains("key"));
  CHECK_THAT(why, !Catch::Contains("verysecret"));
}

TEST_CASE("a password in an address is refused without being repeated", "[models]") {
  const auto why =
      refusal_of(R"({"providers":[{"name":"a","url":"https://me:verysecret@host/v1"}]})");
  CHECK_THAT(why, Catch::Contains("url") && !Catch::Contains("verysecret"));
}

TEST_CASE("what is wrong with a provider is said with its name and the field", "[models]") {
  CHECK_THAT(refusal_of(R"({"providers":[{"name":"Local","url":"http://h/v1"}]})"),
             Catch::Contains("name: expected a-z"));
  CHECK_THAT(refusal_of(R"({"providers":[{"name":"a","url":"ftp://h"}]})"),
             Catch::Contains("url: expected http://"));
  CHECK_THAT(refusal_of(R"({"providers":[{"name":"a","url":"http://"}]})"),
             Catch::Contains("url: expected a host"));
  CHECK_THAT(refusal_of(R"({"providers":[{"name":"a"}]})"), Catch::Contains("url"));
  CHECK_THAT(refusal_of(R"({"providers":[{"name":"a","kind":"embedded","url":"http://h"}]})"),
             Catch::Contains("an embedded provider has no address"));
  CHECK_THAT(refusal_of(one_provider(R"(,"timeouts":{"total_ms":1})")),
             Catch::Contains("timeouts: total_ms is shorter"));
  CHECK_THAT(refusal_of(one_provider(R"(,"retry":{"base_ms":9000})")),
             Catch::Contains("retry: base_ms is more than cap_ms"));
  CHECK_THAT(refusal_of(one_provider(R"(,"models":[{"name":"m"},{"name":"n","aliases":["m"]}])")),
             Catch::Contains("\"m\" is there twice"));
  CHECK_THAT(refusal_of(one_provider(R"(,"api_key_env":"A","api_key_file":"b")")),
             Catch::Contains("only one of them"));
  CHECK_THAT(refusal_of(one_provider(R"(,"calls_max":-1)")), Catch::Contains("calls_max"));
  CHECK_THAT(refusal_of(one_provider(R"(,"kindd":"vllm")")), Catch::Contains("kindd"));
  CHECK_THAT(refusal_of(R"({"providers":[{"name":"a","url":"http://h"},)"
                        R"({"name":"a","url":"http://i"}]})"),
             Catch::Contains("it is there twice"));
}

TEST_CASE("the schema of the providers' file says what each field is for", "[models]") {
  const auto schema = models_file_schema();
  CHECK_THAT(schema, Catch::Contains("\"api_key_env\"") && Catch::Contains("Calls at a time"));
}
