#include "libagent/openai/server_facts.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace libagent;

TEST_CASE("llama.cpp tells its slots and the window of one", "[openai]") {
  const auto props = read_llama_props(
      R"({"default_generation_settings":{"id":0,"n_ctx":1024,"params":{}},"total_slots":4,
          "model_path":"m.gguf","is_sleeping":true})");
  REQUIRE(props);
  CHECK(
      *props ==
      llama_props{.slots = 4, .context_tokens = 1024, .model_path = "m.gguf", .is_sleeping = true});
  CHECK(*read_llama_props("{}") == llama_props{});
  CHECK(read_llama_props("[]").error().code == errc::corrupt);
  CHECK(read_llama_props("<html>").error().code == errc::corrupt);
  CHECK_FALSE(read_llama_props(R"({"total_slots":0})")->slots);
}

TEST_CASE("slots say whether they are busy", "[openai]") {
  const auto slots = read_llama_slots(R"([{"id":0,"n_ctx":512,"is_processing":true},{"id":1}])");
  REQUIRE(slots);
  CHECK(*slots == std::vector<llama_slot>{{.id = 0, .context_tokens = 512, .is_processing = true},
                                          {.id = 1}});
  CHECK(read_llama_slots("{}").error().code == errc::corrupt);
  CHECK(read_llama_slots("[1]").error().code == errc::corrupt);
}

TEST_CASE("models are read with their window where the server tells it", "[openai]") {
  const auto models = read_models(R"({"object":"list","data":[
    {"id":"a","created":5,"owned_by":"o","meta":{"n_ctx":4096}},
    {"id":"b","max_model_len":8192},{"id":"c","context_length":10},{"name":"no id"},{"id":"d"}]})");
  REQUIRE(models);
  REQUIRE(models->size() == 4);
  CHECK(models->at(0) ==
        model_entry{.id = "a", .created = 5, .owned_by = "o", .context_tokens = 4096});
  CHECK(models->at(1).context_tokens == 8192);
  CHECK(models->at(2).context_tokens == 10);
  CHECK_FALSE(models->at(3).context_tokens);
  CHECK(read_models("{}").error().code == errc::corrupt);
}

TEST_CASE("a list of models has OpenAI's shape", "[openai]") {
  const model_entry model{.id = "agent:a", .created = 7};
  const auto one = nlohmann::json::parse(
      R"({"id":"agent:a","object":"model","created":7,"owned_by":"libagent"})");
  CHECK(nlohmann::json::parse(write_model(model)) == one);
  CHECK(nlohmann::json::parse(write_models({model, model})) ==
        nlohmann::json{{"object", "list"}, {"data", {one, one}}});
  CHECK(write_models({}) == R"({"object":"list","data":[]})");
}
