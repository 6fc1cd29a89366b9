"""The agents and tools that come with the product."""

from __future__ import annotations

from engine.agents.appointments_agent import AppointmentsAgent
from engine.agents.assistant_agent import AssistantAgent
from engine.agents.calendar_agent import CalendarAgent
from engine.agents.contact_search_agent import ContactSearchAgent
from engine.agents.drive_search_agent import DriveSearchAgent
from engine.agents.editor_agent import EditorAgent
from engine.agents.meeting_change_agent import MeetingChangeAgent
from engine.agents.office_tools import ChangeMeeting, SaveAgenda, ScheduleMeeting
from engine.agents.thread_agent import ThreadAgent
from engine.agents.undo_agent import UndoAgent
from engine.agents.undo_tools import RemoveAgenda, TakeBackMeeting
from engine.agents.weekly_status_agent import WeeklyStatusAgent
from engine.agents.without_model import WithoutModel
from engine.ports.calendar import Calendar
from engine.ports.clock import Clock
from engine.ports.contacts import ContactBook
from engine.ports.documents import DocumentStore
from engine.ports.remarks import Remarks
from engine.registry.agent_registry import AgentRegistry
from engine.registry.extension import NOTHING_MORE, Extension


def builtin(
    documents: DocumentStore,
    contacts: ContactBook,
    calendar: Calendar,
    clock: Clock,
    remarks: Remarks,
    extension: Extension = NOTHING_MORE,
) -> AgentRegistry:
    """All agents and tools over one person's office, and over what is said where they ask; and those of an extension."""
    writers = (WeeklyStatusAgent(documents), EditorAgent(), ThreadAgent(remarks))
    """They write with a model, and have a way without one."""
    agents = (
        *writers,
        *(WithoutModel(agent) for agent in writers),
        DriveSearchAgent(documents),
        ContactSearchAgent(contacts),
        CalendarAgent(calendar, clock),
        MeetingChangeAgent(calendar, clock),
        AppointmentsAgent(calendar),
        AssistantAgent(documents, contacts, calendar),
    )
    tools = (
        ScheduleMeeting(calendar, clock),
        ChangeMeeting(calendar, clock),
        SaveAgenda(documents),
        TakeBackMeeting(calendar),
        RemoveAgenda(documents),
        *extension.tools,
    )
    undo = UndoAgent(frozenset(tool.spec.undone_by for tool in tools if tool.spec.undone_by))
    return AgentRegistry((*agents, undo, *extension.agents), tools)
