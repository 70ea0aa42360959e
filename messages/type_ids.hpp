#pragma once

#include "messages/account.hpp"
#include "messages/pool.hpp"
#include "messages/record.hpp"
#include "messages/upstream.hpp"

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/type_id.hpp>

CAF_BEGIN_TYPE_ID_BLOCK(rota_types, caf::first_custom_type_id)
  CAF_ADD_TYPE_ID(rota_types, (rota::money))
  CAF_ADD_TYPE_ID(rota_types, (rota::account_id))
  CAF_ADD_TYPE_ID(rota_types, (rota::job_id))
  CAF_ADD_ATOM(rota_types, rota::atom, accounts, "accounts")
  CAF_ADD_ATOM(rota_types, rota::atom, acquire, "acquire")
  CAF_ADD_ATOM(rota_types, rota::atom, adjust, "adjust")
  CAF_ADD_ATOM(rota_types, rota::atom, administer, "administer")
  CAF_ADD_ATOM(rota_types, rota::atom, admit, "admit")
  CAF_ADD_ATOM(rota_types, rota::atom, append, "append")
  CAF_ADD_ATOM(rota_types, rota::atom, cancel, "cancel")
  CAF_ADD_ATOM(rota_types, rota::atom, configure, "configure")
  CAF_ADD_ATOM(rota_types, rota::atom, cool, "cool")
  CAF_ADD_ATOM(rota_types, rota::atom, cut, "cut")
  CAF_ADD_ATOM(rota_types, rota::atom, dismiss, "dismiss")
  CAF_ADD_ATOM(rota_types, rota::atom, drain, "drain")
  CAF_ADD_ATOM(rota_types, rota::atom, durable, "durable")
  CAF_ADD_ATOM(rota_types, rota::atom, enlist, "enlist")
  CAF_ADD_ATOM(rota_types, rota::atom, exhausted, "exhausted")
  CAF_ADD_ATOM(rota_types, rota::atom, finish, "finish")
  CAF_ADD_ATOM(rota_types, rota::atom, halt, "halt")
  CAF_ADD_ATOM(rota_types, rota::atom, hold, "hold")
  CAF_ADD_ATOM(rota_types, rota::atom, notify, "notify")
  CAF_ADD_ATOM(rota_types, rota::atom, outcome, "outcome")
  CAF_ADD_ATOM(rota_types, rota::atom, pause, "pause")
  CAF_ADD_ATOM(rota_types, rota::atom, publish, "publish")
  CAF_ADD_ATOM(rota_types, rota::atom, read, "read")
  CAF_ADD_ATOM(rota_types, rota::atom, reading, "reading")
  CAF_ADD_ATOM(rota_types, rota::atom, recovery, "recovery")
  CAF_ADD_ATOM(rota_types, rota::atom, refresh, "refresh")
  CAF_ADD_ATOM(rota_types, rota::atom, resume, "resume")
  CAF_ADD_ATOM(rota_types, rota::atom, send, "send")
  CAF_ADD_ATOM(rota_types, rota::atom, settle, "settle")
  CAF_ADD_ATOM(rota_types, rota::atom, status, "status")
  CAF_ADD_ATOM(rota_types, rota::atom, tick, "tick")
CAF_END_TYPE_ID_BLOCK(rota_types)

namespace rota {

struct account_setup;
struct acquire_request;
struct admission_request;
struct attempt_end;
struct batch_setup;
struct call_outcome;
struct clients_setup;
struct commit;
struct enlistment;
struct lease;
struct probe_target;
struct routing_setup;
struct upstream_call;

using account_setup_ptr = std::shared_ptr<const account_setup>;
using acquire_ptr = std::shared_ptr<const acquire_request>;
using admission_ptr = std::shared_ptr<const admission_request>;
using attempt_end_ptr = std::shared_ptr<const attempt_end>;
using batch_setup_ptr = std::shared_ptr<const batch_setup>;
using clients_setup_ptr = std::shared_ptr<const clients_setup>;
using commit_ptr = std::shared_ptr<const commit>;
using routing_setup_ptr = std::shared_ptr<const routing_setup>;
using upstream_call_ptr = std::shared_ptr<const upstream_call>;

} // namespace rota

// These travel within the process only: by pointer, never serialized.
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rota::account_setup_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rota::account_state)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rota::account_view)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rota::account_views_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rota::acquire_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rota::admin_state)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rota::admission_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rota::admittance)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rota::alert)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rota::alerts_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rota::attempt_end_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rota::balance_reading)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rota::batch_setup_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rota::batch_view)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rota::call_outcome)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rota::client_views_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rota::clients_setup_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rota::commit_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rota::cooldown_notice)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rota::enlistment)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rota::halt_notice)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rota::hold_grant)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rota::item_result_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rota::job_stage)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rota::lease)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rota::outlook)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rota::line_block_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rota::lines_wanted)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rota::pick_record_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rota::pool_view)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rota::probe_report)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rota::probe_target)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rota::reading_cut)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rota::routing_setup_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rota::timestamp)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rota::upstream_call_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rota::waiting_question)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rota::waiting_view)
