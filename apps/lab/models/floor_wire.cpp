#include "apps/lab/models/floor_wire.hpp"

#include "apps/lab/models/turn_contestant.hpp"

#include <utility>

namespace libagent::lab {

floor_conversation::floor_conversation(const std::string& model)
    : request_{{"model", model},
               {"messages",
                {{{"role", "system"}, {"content", turn_instructions}},
                 {{"role", "user"}, {"content", turn_question}}}},
               {"tools",
                {{{"type", "function"},
                  {"function",
                   {{"name", turn_tool_name},
                    {"description", turn_tool_description},
                    {"parameters",
                     {{"type", "object"},
                      {"properties", {{"city", {{"type", "string"}}}}},
                      {"required", {"city"}}}}}}}}}} {}

expected<std::optional<floor_call>> floor_conversation::take_reply(const std::string& body) {
  auto reply = nlohmann::json::parse(body, nullptr, false);
  try {
    auto& message = reply.at("choices").at(0).at("message");
    std::optional<floor_call> call;
    if (const auto calls = message.find("tool_calls"); calls != message.end() && !calls->empty()) {
      const auto& function = calls->at(0).at("function");
      const auto arguments =
          nlohmann::json::parse(function.at("arguments").get_ref<const std::string&>());
      call = floor_call{.id = calls->at(0).at("id").get<std::string>(),
                        .city = arguments.at("city").get<std::string>()};
    } else {
      text_ = message.at("content").get<std::string>();
    }
    request_["messages"].push_back(std::move(message));
    return call;
  } catch (const nlohmann::json::exception& failure) {
    return error{errc::corrupt, std::string{"read a model's reply: "} + failure.what()};
  }
}

void floor_conversation::add_result(const floor_call& call, const std::string& output) {
  request_["messages"].push_back(
      {{"role", "tool"}, {"tool_call_id", call.id}, {"content", output}});
}

}  // namespace libagent::lab
