#include "libagent/openai/server_facts.hpp"

#include "libagent/openai/json_append.hpp"
#include "libagent/openai/json_tape.hpp"

#include <array>
#include <limits>

namespace libagent {

namespace {

constexpr std::size_t facts_bytes_max = 16U << 20U;

error facts_failure(const std::string& what, const std::string& came_back) {
  return {errc::corrupt, "read " + what + ": " + came_back};
}

std::optional<std::uint64_t> read_context(json_view model) {
  const std::array<json_view, 4> places{model.find("meta").find("n_ctx"),
                                        model.find("max_model_len"), model.find("context_length"),
                                        model.find("context_window")};
  for (const auto& place : places) {
    if (const auto tokens = place.count(); tokens && *tokens > 0)
      return tokens;
  }
  return std::nullopt;
}

void append_model(std::string& out, const model_entry& model) {
  object_appender object{out};
  object.text("id", model.id);
  object.text("object", "model");
  object.integer("created", model.created);
  object.text("owned_by", model.owned_by);
  object.close();
}

}  // namespace

expected<llama_props> read_llama_props(std::string_view body) {
  json_tape tape{{.bytes_max = facts_bytes_max}, json_tape::text_rule::keep};
  if (auto done = tape.read(body); !done)
    return facts_failure("the server's properties", done.error().context);
  const auto root = tape.root();
  if (!root.is_object())
    return facts_failure("the server's properties", "they are no object");
  llama_props out;
  const auto slots = root.find("total_slots").integer(1, std::numeric_limits<std::uint32_t>::max());
  if (slots)
    out.slots = static_cast<std::uint32_t>(*slots);
  const auto context = root.find("default_generation_settings").find("n_ctx").count();
  if (context && *context > 0)
    out.context_tokens = context;
  out.model_path = root.find("model_path").text();
  out.is_sleeping = root.find("is_sleeping").boolean().value_or(false);
  return out;
}

expected<std::vector<llama_slot>> read_llama_slots(std::string_view body) {
  constexpr std::size_t slots_max = 4'096;
  json_tape tape{{.bytes_max = facts_bytes_max}, json_tape::text_rule::keep};
  if (auto done = tape.read(body); !done)
    return facts_failure("the server's slots", done.error().context);
  if (!tape.root().is_array())
    return facts_failure("the server's slots", "they are no array");
  std::vector<llama_slot> out;
  const bool good = tape.root().each_element([&out](json_view slot) {
    if (!slot.is_object())
      return false;
    if (out.size() < slots_max) {
      out.push_back({.id = slot.find("id").count().value_or(out.size()),
                     .context_tokens = slot.find("n_ctx").count(),
                     .is_processing = slot.find("is_processing").boolean().value_or(false)});
    }
    return true;
  });
  if (!good)
    return facts_failure("the server's slots", "one is no object");
  return out;
}

expected<std::vector<model_entry>> read_models(std::string_view body) {
  constexpr std::size_t models_max = 10'000;
  json_tape tape{{.bytes_max = facts_bytes_max}, json_tape::text_rule::keep};
  if (auto done = tape.read(body); !done)
    return facts_failure("the list of models", done.error().context);
  const auto list = tape.root().find("data");
  if (!list.is_array())
    return facts_failure("the list of models", "it has no array \"data\"");
  std::vector<model_entry> out;
  list.each_element([&out](json_view model) {
    if (model.find("id").is_string()) {
      out.push_back({.id = model.find("id").text(),
                     .created = model.find("created")
                                    .integer(0, std::numeric_limits<std::int64_t>::max())
                                    .value_or(0),
                     .owned_by = model.find("owned_by").text(),
                     .context_tokens = read_context(model)});
    }
    return out.size() < models_max;
  });
  return out;
}

std::string write_models(const std::vector<model_entry>& models) {
  std::string out = R"({"object":"list","data":)";
  append_array(out, models, [&out](const model_entry& model) { append_model(out, model); });
  out += '}';
  return out;
}

std::string write_model(const model_entry& model) {
  std::string out;
  append_model(out, model);
  return out;
}

}  // namespace libagent
