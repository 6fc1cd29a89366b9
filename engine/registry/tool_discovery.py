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
from engine.agents.weekly_status_agent import WeeklyStatusAgent
from engine.ports.calendar import Calendar
from engine.ports.clock import Clock
from engine.ports.contacts import ContactBook
from engine.ports.documents import DocumentStore
from engine.ports.remarks import Remarks
from engine.registry.agent_registry import AgentRegistry


def builtin(
    documents: DocumentStore, contacts: ContactBook, calendar: Calendar, clock: Clock, remarks: Remarks
) -> AgentRegistry:
    """All agents and tools over one person's office, and over what is said where they ask."""
    agents = (
        DriveSearchAgent(documents),
        ContactSearchAgent(contacts),
        WeeklyStatusAgent(documents),
        CalendarAgent(calendar, clock),
        MeetingChangeAgent(calendar, clock),
        AppointmentsAgent(calendar),
        EditorAgent(),
        AssistantAgent(documents, contacts, calendar),
        ThreadAgent(remarks),
    )
    tools = (ScheduleMeeting(calendar, clock), ChangeMeeting(calendar, clock), SaveAgenda(documents))
    return AgentRegistry(agents, tools)
