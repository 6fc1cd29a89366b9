// What is turned into JSON schemas: the shapes as the authors of Slack's own Node SDK wrote them down.
import type { HomeView, KnownBlock, MessageMetadata, ModalView } from "@slack/types";
import type { AppsManifestCreateArguments } from "@slack/web-api";

export type Shapes = {
  block: KnownBlock;
  modal: ModalView;
  home: HomeView;
  metadata: MessageMetadata;
  manifest: AppsManifestCreateArguments["manifest"];
};
