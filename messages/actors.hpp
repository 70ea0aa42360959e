#pragma once

// The protocol on one page. Requests are asked with a finite timeout unless
// both actors live as long as the daemon. A verb, then at most one struct.

#include "messages/account.hpp"
#include "messages/alert.hpp"
#include "messages/batch.hpp"
#include "messages/client.hpp"
#include "messages/error.hpp"
#include "messages/ledger.hpp"
#include "messages/pool.hpp"
#include "messages/type_ids.hpp"
#include "messages/upstream.hpp"

#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>

namespace rota {

/// Whoever waits until something is on disk.
using durable_actor = caf::typed_actor<
  // What was appended with this token has been written.
  caf::reacts_to<atom::durable, uint64_t>>;

/// Whoever waits for the outcome of an HTTP call.
using outcome_actor = caf::typed_actor<
  // The call with this token ended.
  caf::reacts_to<atom::outcome, call_outcome>>;

/// The JOURNAL actor interface: the only door to the disk for what must last.
using journal_actor = caf::typed_actor<
  // Writes a commit; all of it or nothing. Acknowledges to `commit.ack`.
  caf::reacts_to<atom::append, commit_ptr>>;

/// The UPSTREAM actor interface.
using upstream_actor = caf::typed_actor<
  // Makes an HTTP call; its outcome goes to `call.reply_to`.
  caf::reacts_to<atom::send, upstream_call_ptr>,
  // Aborts the call with this token; its outcome is sent all the same.
  caf::reacts_to<atom::cancel, uint64_t>>;

/// The SPOOL actor interface: the files of batches.
using spool_actor = caf::typed_actor<
  // Reads lines, beginning with an item.
  caf::replies_to<atom::read, lines_wanted>::with<line_block_ptr>>;

/// The NOTIFIER actor interface: tells people; never fails.
using notifier_actor = caf::typed_actor<caf::reacts_to<atom::notify, alert>>;

/// The REFRESHER actor interface.
using refresher_actor = caf::typed_actor<
  // An account's balance is to be asked for from now on, or differently.
  caf::reacts_to<atom::enlist, probe_target>,
  // No longer.
  caf::reacts_to<atom::dismiss, account_id>,
  // Asks for one account's balance now, and answers how that went.
  caf::replies_to<atom::refresh, account_id>::with<probe_report>,
  // The daemon stops: asks nothing more, and answers all who wait.
  caf::reacts_to<atom::drain>,
  // An answer came.
  caf::reacts_to<atom::outcome, call_outcome>,
  // INTERNAL: asks for whatever is due.
  caf::reacts_to<atom::tick>>;

/// The ACCOUNT actor interface.
using account_actor = caf::typed_actor<
  // Keeps back an attempt's cost and tells its state then; or declines.
  caf::replies_to<atom::hold, acquire_ptr>::with<hold_grant, account_state>,
  // Ends a hold: charged, released or in doubt, as the attempt's verdict says.
  caf::reacts_to<atom::settle, attempt_end_ptr>,
  // Stops using this account for a while: its host or its pool fails.
  caf::reacts_to<atom::cool, cooldown_notice>,
  // The provider is about to be asked what is left: marks that moment.
  caf::replies_to<atom::cut>::with<reading_cut>,
  // Compares what the provider says is left with the books.
  caf::reacts_to<atom::reading, balance_reading>,
  // The provider did not say what is left, or refused the credential.
  caf::reacts_to<atom::outcome, probe_report>,
  // The operator's will; answered, like the next, once it is on disk.
  caf::replies_to<atom::administer, admin_state>::with<account_view>,
  // The operator corrects the books; wrong_state where they cannot say so much.
  caf::replies_to<atom::adjust, money>::with<account_view>,
  // INTERNAL: what an operator changed is on disk.
  caf::reacts_to<atom::durable, uint64_t>,
  // A reload changed this account's options.
  caf::reacts_to<atom::configure, account_setup_ptr>,
  // INTERNAL: ends overdue holds and cooldowns.
  caf::reacts_to<atom::tick>,
  // Answers with what people see.
  caf::replies_to<atom::status>::with<account_view>>;

/// The DISPATCHER actor interface.
using dispatcher_actor = caf::typed_actor<
  // Finds the best account and holds money there; waits while it may be free.
  caf::replies_to<atom::acquire, acquire_ptr>::with<lease>,
  // Nobody wants this job any more: declines it if it waits.
  caf::reacts_to<atom::cancel, job_id>,
  // An account changed.
  caf::reacts_to<atom::publish, account_state>,
  // A failure concerns more than one account.
  caf::reacts_to<atom::cool, cooldown_notice>,
  // A job ended unserved, for no fault of its own.
  caf::reacts_to<atom::exhausted, job_id>,
  // When an account that could serve this is back, as item_result::retry_at.
  caf::replies_to<atom::recovery, acquire_ptr>::with<outlook>,
  // An account joins the pool or changes what it can serve.
  caf::reacts_to<atom::enlist, enlistment>,
  // An account leaves the pool.
  caf::reacts_to<atom::dismiss, account_id>,
  // A reload changed the routing options.
  caf::reacts_to<atom::configure, routing_setup_ptr>,
  // Makes no new holds, all jobs wait; or goes on.
  caf::reacts_to<atom::halt, halt_notice>,
  // The daemon stops: declines all that wait and all that come.
  caf::reacts_to<atom::drain>,
  // Asks every account for its view.
  caf::replies_to<atom::accounts>::with<account_views_ptr>,
  // INTERNAL: ends what waits beyond its deadline.
  caf::reacts_to<atom::tick>,
  // Answers with the pool's figures.
  caf::replies_to<atom::status>::with<pool_view>,
  // Answers what waits of one batch, and why.
  caf::replies_to<atom::status, waiting_question>::with<waiting_view>>;

/// The RUNNER actor interface: one job from hold to settlement.
using runner_actor = caf::typed_actor<
  // INTERNAL: takes the next step.
  caf::reacts_to<atom::tick>,
  // The hold is on disk: now the request may leave.
  caf::reacts_to<atom::durable, uint64_t>,
  // The call ended.
  caf::reacts_to<atom::outcome, call_outcome>,
  // Nobody wants the answer any more; a call under way ends first.
  caf::reacts_to<atom::cancel>,
  // Sends nothing more until it is told to go on; a call under way ends first.
  caf::reacts_to<atom::pause>,
  // Goes on.
  caf::reacts_to<atom::resume>,
  // The daemon stops: gives the job up, unless its call is under way.
  caf::reacts_to<atom::drain>>;

/// Whoever wants to know what came of a job.
using job_owner_actor = caf::typed_actor<
  // The job's result is on disk.
  caf::reacts_to<atom::durable, uint64_t>,
  // The job ended; a result that is to be stored is on its way to the disk.
  caf::reacts_to<atom::finish, item_result_ptr>,
  // The job was given up because the daemon stops; it has no result.
  caf::reacts_to<atom::dismiss, job_id>,
  // Money is held for a job that is stored from now on, or no longer.
  caf::reacts_to<atom::publish, job_stage>>;

/// Whoever waits for a client's admission, or hears why there is none.
using admittance_actor
  = caf::typed_actor<caf::reacts_to<atom::admit, admittance>>;

/// The FRONT actor interface: the API's side of its jobs.
using front_actor = job_owner_actor::extend<
  // A job's client may have it served, or why not.
  caf::reacts_to<atom::admit, admittance>>;

/// The CLIENTS actor interface: what each client of the API may still have.
using clients_actor = caf::typed_actor<
  // Keeps a job's estimate back; the answer goes to `reply_to`.
  caf::reacts_to<atom::admit, admission_ptr>,
  // A job that was admitted has ended.
  caf::reacts_to<atom::dismiss, job_id>,
  // What is on its way to the disk.
  caf::reacts_to<atom::append, commit_ptr>,
  // The clients from now on.
  caf::reacts_to<atom::configure, clients_setup_ptr>,
  // Answers with what people see.
  caf::replies_to<atom::status>::with<client_views_ptr>>;

/// The BATCH actor interface: changes are answered once they are on disk.
using batch_actor = job_owner_actor::extend<
  // The daemon stops: starts no more lines, answers once none is in flight.
  caf::replies_to<atom::drain>::with<batch_view>,
  // Starts no more lines and sends none that wait; calls under way end.
  caf::replies_to<atom::pause>::with<batch_view>,
  // Goes on.
  caf::replies_to<atom::resume>::with<batch_view>,
  // Starts no more lines; those in flight end first.
  caf::replies_to<atom::cancel>::with<batch_view>,
  // Goes on by other limits.
  caf::reacts_to<atom::configure, batch_setup_ptr>,
  // INTERNAL: stores its progress.
  caf::reacts_to<atom::tick>,
  // Answers with its progress.
  caf::replies_to<atom::status>::with<batch_view>>;

/// The ALERTER actor interface.
using alerter_actor = caf::typed_actor<
  // INTERNAL: walks the rules.
  caf::reacts_to<atom::tick>,
  // Answers with what fires now.
  caf::replies_to<atom::status>::with<alerts_ptr>>;

} // namespace rota
