#include "libagent/openai/embeddings.hpp"

#include "libagent/base/random.hpp"
#include "libagent/openai/float_base64.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <string>
#include <vector>

using namespace libagent;
using nlohmann::json;

namespace {

embedding_request good_embedding_request(const std::string& body) {
  auto read = read_embedding_request(body);
  REQUIRE(std::holds_alternative<embedding_request>(read));
  return std::get<embedding_request>(read);
}

http_error refused_embedding_request(const std::string& body,
                                     const embedding_request_limits& limits = {}) {
  auto read = read_embedding_request(body, limits);
  REQUIRE(std::holds_alternative<http_error>(read));
  return std::get<http_error>(read);
}

}  // namespace

TEST_CASE("floats survive base64", "[openai]") {
  for (std::size_t size = 0; size < 8; ++size) {
    seeded_random random{size};
    std::vector<float> numbers;
    for (std::size_t i = 0; i < size; ++i)
      numbers.push_back(static_cast<float>(random.unit() * 2 - 1));
    const auto text = to_base64(numbers);
    CHECK(text.size() % 4 == 0);
    CHECK(floats_from_base64(text) == numbers);
  }
  CHECK(to_base64(std::vector<float>{1.0F, -2.5F}) == "AACAPwAAIMA=");
  CHECK(floats_from_base64("AACAPwAAIMA") == std::vector<float>{1.0F, -2.5F});
}

TEST_CASE("what is no base64 of floats is refused", "[openai]") {
  CHECK_FALSE(floats_from_base64("A"));
  CHECK_FALSE(floats_from_base64("AACA"));
  CHECK_FALSE(floats_from_base64("AACAP*=="));
}

TEST_CASE("a request for embeddings has OpenAI's shape", "[openai]") {
  const std::vector<std::string> inputs{"a", "b\n"};
  CHECK(json::parse(write_embedding_request("m", inputs, 64)) ==
        json::parse(R"({"model":"m","input":["a","b\n"],"encoding_format":"base64",
                        "dimensions":64})"));
  const auto read = good_embedding_request(write_embedding_request("m", inputs, {}));
  CHECK(read == embedding_request{.model = "m", .inputs = inputs, .base64 = true});
}

TEST_CASE("embeddings read back the same, as numbers and as base64", "[openai]") {
  const bool base64 = GENERATE(false, true);
  const embedding_result result{
      .model = "m", .embeddings = {{0.1F, -2, 1e-20F}, {3, 4, 5}}, .usage = {.prompt = 7}};
  const auto read = read_embedding_reply(write_embedding_reply(result, base64), 2);
  REQUIRE(read);
  CHECK(*read == result);
}

TEST_CASE("embeddings are put in the order of their indexes", "[openai]") {
  const auto read = read_embedding_reply(
      R"({"data":[{"index":1,"embedding":[2]},{"index":0,"embedding":[1]}]})", 2);
  REQUIRE(read);
  CHECK(read->embeddings == std::vector<std::vector<float>>{{1}, {2}});
  CHECK(read->usage.estimated);
}

TEST_CASE("embeddings that are not what was asked for are corrupt", "[openai]") {
  const std::string body =
      GENERATE("", "[]", R"({"data":[]})", R"({"data":[{"embedding":[1]}]})",
               R"({"data":[{"embedding":[1]},{"embedding":[1]},{"embedding":[1]}]})",
               R"({"data":[{"embedding":[1]},{"embedding":[1,2]}]})",
               R"({"data":[{"index":0,"embedding":[1]},{"index":0,"embedding":[1]}]})",
               R"({"data":[{"embedding":[1]},{"embedding":["x"]}]})",
               R"({"data":[{"embedding":[1]},{"embedding":[1e39]}]})",
               R"({"data":[{"embedding":[1]},{"embedding":"AAA"}]})");
  CAPTURE(body);
  const auto read = read_embedding_reply(body, 2);
  REQUIRE_FALSE(read);
  CHECK(read.error().code == errc::corrupt);
}

TEST_CASE("requests for embeddings are refused with the place that is wrong", "[openai]") {
  CHECK(refused_embedding_request(R"({"input":"x"})").param == "model");
  CHECK(refused_embedding_request(R"({"model":"m"})").param == "input");
  CHECK(refused_embedding_request(R"({"model":"m","input":[]})").param == "input");
  CHECK(refused_embedding_request(R"({"model":"m","input":["a",""]})").param == "input[1]");
  CHECK(refused_embedding_request(R"({"model":"m","input":[1,2]})").code == "unsupported_value");
  CHECK(refused_embedding_request(R"({"model":"m","input":"a","encoding_format":"hex"})").param ==
        "encoding_format");
  CHECK(refused_embedding_request(R"({"model":"m","input":"a","dimensions":0})").param ==
        "dimensions");
  CHECK(refused_embedding_request(R"({"model":"m","input":["a","b"]})", {.inputs_max = 1}).param ==
        "input");
  CHECK(refused_embedding_request("[]").status == 400);
  CHECK(refused_embedding_request(std::string(20, ' '), {.body_bytes_max = 19}).status == 413);
  const auto good = good_embedding_request(R"({"model":"m","input":"x","user":"u"})");
  CHECK(good == embedding_request{.model = "m", .inputs = {"x"}, .user = "u"});
}
